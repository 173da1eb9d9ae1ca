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
/** So many operations leave before the tick ends: few where the server may have nothing to do, more where it has. */
const WORTH_SENDING = { idle: 8, busy: 32 }

/** Bytes of one call of the socket, and the room in which they lie. */
interface Chunk {
  readonly bytes: Uint8Array
  /** Given back once the socket has let go of it; absent for bytes that are handed on uncopied. */
  readonly room: Buffer | undefined
}

/**
 * Lets the writes of one tick leave as one: one system call, and as few TLS records as can be, instead of
 * hundreds.
 *
 * It works below ioredis, on the socket, so that no order can change. (Batching above it, through
 * `sendCommand(command, stream)`, delivers replies to the wrong callers when mixed with direct commands.)
 * Writes with a callback or an encoding flush first, as does `end`; back-pressure is passed on.
 *
 * A tick that seals or opens many values is long. What is worth a packet of its own leaves in between, so that the
 * server works on it meanwhile; otherwise one of the two always waits for the other.
 */
export class JoinedWrites {
  readonly #stream: Socket
  /** The socket's own. */
  readonly #write: (chunk: Piece, ...rest: unknown[]) => boolean
  readonly #rooms = new WriteRooms()
  /** Where small pieces are copied to as they come, up to {@link JoinedWrites.#used}. */
  #room: Buffer
  #used = 0
  /** What stands before the room: only where something large is among the pieces. */
  #chunks: Chunk[] = []
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
    if (this.#operations >= (this.#isIdle ? WORTH_SENDING.idle : WORTH_SENDING.busy)) this.#flush()
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
    if (this.#used + most > ROOM_BYTES) this.#closeRoom()
    let bytes = piece.length
    if (typeof piece === 'string') bytes = this.#room.write(piece, this.#used)
    else this.#room.set(piece, this.#used)
    this.#used += bytes
    this.#size += bytes
  }

  #addUncopied(bytes: Uint8Array): void {
    this.#closeRoom()
    this.#chunks.push({ bytes, room: undefined })
    this.#size += bytes.length
  }

  #closeRoom(): void {
    if (this.#used === 0) return
    this.#chunks.push({ bytes: this.#room.subarray(0, this.#used), room: this.#room })
    this.#room = this.#rooms.take()
    this.#used = 0
  }

  #flush(): boolean {
    if (this.#size === 0) return true
    this.#size = 0
    this.#operations = 0
    this.#isIdle = false
    if (this.#chunks.length === 0 && this.#used <= POOLED_BYTES) return this.#writePooled()
    this.#closeRoom()
    const chunks = this.#chunks
    this.#chunks = []
    if (this.#stream.destroyed) return true
    const [first] = chunks
    if (chunks.length === 1 && first !== undefined) return this.#writeChunk(first)
    // Corked, all of them are one call of the socket.
    this.#stream.cork()
    let free = true
    for (const chunk of chunks) free = this.#writeChunk(chunk)
    this.#stream.uncork()
    return free
  }

  #writePooled(): boolean {
    const bytes = Buffer.allocUnsafe(this.#used)
    this.#room.copy(bytes, 0, 0, this.#used)
    this.#used = 0
    return this.#stream.destroyed || this.#write(bytes)
  }

  #writeChunk({ bytes, room }: Chunk): boolean {
    // The callback comes when the socket has taken the bytes over: nobody reads them any more then.
    return room === undefined ? this.#write(bytes) : this.#write(bytes, () => this.#rooms.giveBack(room))
  }
}
