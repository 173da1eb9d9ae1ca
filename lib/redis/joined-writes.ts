import type { Socket } from 'node:net'
import { JoinRooms } from './join-rooms.js'
import { sizeOf, type Piece } from './pieces.js'

/** What is larger is handed on as it is, beside the others: copying it costs more than another buffer. */
const COPIED_BYTES = 4 * 1024
const FLUSH_BYTES = 64 * 1024
/** So many operations leave before the tick ends: few where the server may have nothing to do, more where it has. */
const WORTH_SENDING = { idle: 8, busy: 32 }

/** What its owner tells the joined writes of a socket. */
export interface JoinedWrites {
  /** What was written last asks for so many operations. */
  wrote(operations: number): void
  /** Something came back. */
  heard(): void
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
export function joinWrites(stream: Socket): JoinedWrites {
  const write = stream.write.bind(stream) as (chunk: Piece, ...rest: unknown[]) => boolean
  const end = stream.end.bind(stream) as (...given: unknown[]) => Socket
  const rooms = new JoinRooms()
  let gathered: Piece[] = []
  let size = 0
  let scheduled = false
  let operations = 0
  let isIdle = true

  const writeChunk = (chunk: Chunk): boolean => {
    if (!Array.isArray(chunk)) return write(chunk)
    const { bytes, done } = rooms.join(chunk)
    // The callback comes when the socket has taken the bytes over: nobody reads them any more then.
    return done === undefined ? write(bytes) : write(bytes, done)
  }
  const flush = (): boolean => {
    if (gathered.length === 0) return true
    const chunks = chunksOf(gathered)
    gathered = []
    size = 0
    operations = 0
    isIdle = false
    if (stream.destroyed) return true
    const [first] = chunks
    if (chunks.length === 1 && first !== undefined) return writeChunk(first)
    // Corked, all of them are one call of the socket.
    stream.cork()
    let free = true
    for (const chunk of chunks) free = writeChunk(chunk)
    stream.uncork()
    return free
  }
  const leave = (): void => {
    scheduled = false
    flush()
  }
  const gather = (chunk: Piece): boolean => {
    gathered.push(chunk)
    size += chunk.length
    if (size >= FLUSH_BYTES) return flush()
    if (!scheduled) {
      scheduled = true
      process.nextTick(leave)
    }
    return !stream.writableNeedDrain
  }

  stream.write = (chunk: Piece, ...rest: unknown[]) => {
    if (rest.length === 0) return gather(chunk)
    flush()
    return write(chunk, ...rest)
  }
  stream.end = (...given: unknown[]) => {
    flush()
    return end(...given)
  }
  return {
    wrote(count) {
      operations += count
      if (operations >= (isIdle ? WORTH_SENDING.idle : WORTH_SENDING.busy)) flush()
    },
    heard() {
      isIdle = true
    },
  }
}

/** Small pieces to be joined, or one that is too large to be copied. */
type Chunk = Piece[] | Piece

function chunksOf(pieces: readonly Piece[]): readonly Chunk[] {
  const chunks: Chunk[] = []
  let small: Piece[] = []
  for (const piece of pieces) {
    if (sizeOf(piece) <= COPIED_BYTES) {
      small.push(piece)
      continue
    }
    if (small.length > 0) chunks.push(small)
    small = []
    chunks.push(piece)
  }
  if (small.length > 0) chunks.push(small)
  return chunks
}
