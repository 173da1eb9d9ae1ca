import type { Socket } from 'node:net'
import { ROOM_BYTES, WriteRooms } from './write-rooms.js'

/** A piece of what goes out: text in UTF-8, or bytes. */
export type Piece = string | Uint8Array

/** What is larger is handed on as it is, beside the others: copying it costs more than another buffer. */
const COPIED_BYTES = 4 * 1024
/** What is smaller leaves in a buffer from Node's own pool, which nobody has to give back. */
const POOLED_BYTES = 4 * 1024
const FLUSH_BYTES = 64 * 1024
/** A UTF-16 unit takes at most three bytes in UTF-8. */
const UNIT_BYTES = 3
/** So many operations leave before the tick ends where the server may have nothing to do. */
const EARLY_OPERATIONS = 8

/**
 * Lets the writes of one tick leave as one: one system call, and as few TLS records as can be, instead of
 * hundreds.
 *
 * It works below ioredis, on the socket, so that no order can change. (Batching above it, through
 * `sendCommand(command, stream)`, delivers replies to the wrong callers when mixed with direct commands.)
 * Writes with a callback or an encoding flush first, as does `end`; back-pressure is passed on.
 *
 * A tick that seals or opens many values is long. Once the server has answered, the first few operations leave at
 * once, so that it works on them meanwhile; otherwise one of the two would always wait for the other.
 */
export class JoinedWrites {
  readonly #stream: Socket
  /** The socket's own. */
  readonly #write: (chunk: Piece, ...rest: unknown[]) => boolean
  readonly #rooms = new WriteRooms()
  /** Where small pieces are copied to as they come. */
  #room: Buffer
  #used = 0
  /** What stands before them: only where something large is among the pieces, or more than one room holds. */
  #chunks: Uint8Array[] = []
  /** Rooms in which chunks lie. */
  #taken: Buffer[] = []
  /** Bytes gathered, all in all. */
  #size = 0
  #operations = 0
  #isIdle = true
  #isScheduled = false
  readonly #leave = (): void => {
    this.#isScheduled = false
    this.#flush()
  }

  constructor(stream: Socket) {
    this.#stream = stream
    this.#write = stream.write.bind(stream) as (chunk: Piece, ...rest: unknown[]) => boolean
    this.#room = this.#rooms.take()
    const end = stream.end.bind(stream) as (...given: unknown[]) => Socket
    stream.write = (chunk: Piece, ...rest: unknown[]) => {
      if (rest.length === 0) return this.#gather(chunk)
      this.#flush()
      return this.#write(chunk, ...rest)
    }
    stream.end = (...given: unknown[]) => {
      this.#flush()
      return end(...given)
    }
  }

  /** What was written last asks for so many operations. */
  wrote(operations: number): void {
    this.#operations += operations
    if (this.#isIdle && this.#operations >= EARLY_OPERATIONS) this.#flush()
  }

  /** Something came back: the server may have nothing left to do. */
  heard(): void {
    this.#isIdle = true
  }

  #gather(piece: Piece): boolean {
    if (piece.length > COPIED_BYTES) this.#addUncopied(typeof piece === 'string' ? Buffer.from(piece) : piece)
    else this.#addCopied(piece)
    if (this.#size >= FLUSH_BYTES) return this.#flush()
    if (!this.#isScheduled) {
      this.#isScheduled = true
      process.nextTick(this.#leave)
    }
    return !this.#stream.writableNeedDrain
  }

  #addCopied(piece: Piece): void {
    const most = typeof piece === 'string' ? piece.length * UNIT_BYTES : piece.length
    if (this.#used + most > ROOM_BYTES) this.#cut()
    let bytes = piece.length
    if (typeof piece === 'string') bytes = this.#room.write(piece, this.#used)
    else this.#room.set(piece, this.#used)
    this.#used += bytes
    this.#size += bytes
  }

  #addUncopied(bytes: Uint8Array): void {
    this.#cut()
    this.#chunks.push(bytes)
    this.#size += bytes.length
  }

  /** What was copied so far becomes a chunk: with its room, or where that is hardly used in a buffer of the pool. */
  #cut(): void {
    const used = this.#used
    if (used === 0) return
    this.#used = 0
    if (used <= POOLED_BYTES) {
      const bytes = Buffer.allocUnsafe(used)
      this.#room.copy(bytes, 0, 0, used)
      this.#chunks.push(bytes)
    } else {
      this.#chunks.push(this.#room.subarray(0, used))
      this.#taken.push(this.#room)
      this.#room = this.#rooms.take()
    }
  }

  #flush(): boolean {
    if (this.#size === 0) return true
    this.#size = 0
    this.#operations = 0
    this.#isIdle = false
    this.#cut()
    const chunks = this.#chunks
    const rooms = this.#taken
    this.#chunks = []
    if (rooms.length > 0) this.#taken = []
    if (this.#stream.destroyed) return true
    if (chunks.length === 1) return this.#writeLast(chunks[0], rooms)
    // Corked, all of them are one call of the socket.
    this.#stream.cork()
    const last = chunks.pop()
    for (const chunk of chunks) this.#write(chunk)
    const free = this.#writeLast(last, rooms)
    this.#stream.uncork()
    return free
  }

  #writeLast(chunk: Uint8Array | undefined, rooms: readonly Buffer[]): boolean {
    if (chunk === undefined) return true
    if (rooms.length === 0) return this.#write(chunk)
    // The callback comes when the socket has taken the bytes over: nobody reads them any more then.
    return this.#write(chunk, () => {
      for (const room of rooms) this.#rooms.giveBack(room)
    })
  }
}
