import type { Socket } from 'node:net'
import { join, sizeOf, type Piece } from './pieces.js'

/** What is larger is handed on as it is, beside the others: copying it costs more than another buffer. */
const COPIED_BYTES = 4 * 1024
const FLUSH_BYTES = 64 * 1024

/**
 * Lets the writes of one tick leave as one: one system call, and as few TLS records as can be, instead of
 * hundreds.
 *
 * It works below ioredis, on the socket, so that no order can change. (Batching above it, through
 * `sendCommand(command, stream)`, delivers replies to the wrong callers when mixed with direct commands.)
 * Writes with a callback or an encoding flush first, as does `end`; back-pressure is passed on.
 */
export function joinWrites(stream: Socket): void {
  const write = stream.write.bind(stream) as (chunk: Piece, ...rest: unknown[]) => boolean
  const end = stream.end.bind(stream) as (...given: unknown[]) => Socket
  let gathered: Piece[] = []
  let size = 0
  let scheduled = false

  const flush = (): boolean => {
    if (gathered.length === 0) return true
    const chunks = chunksOf(gathered)
    gathered = []
    size = 0
    if (stream.destroyed) return true
    const [first] = chunks
    if (chunks.length === 1 && first !== undefined) return write(first)
    // Corked, all of them are one call of the socket.
    stream.cork()
    let free = true
    for (const chunk of chunks) free = write(chunk)
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
}

/** Neighbours joined, but for those that are too large to be copied. */
function chunksOf(pieces: readonly Piece[]): readonly Piece[] {
  const chunks: Piece[] = []
  let small: Piece[] = []
  for (const piece of pieces) {
    if (sizeOf(piece) <= COPIED_BYTES) {
      small.push(piece)
      continue
    }
    if (small.length > 0) chunks.push(join(small))
    small = []
    chunks.push(piece)
  }
  if (small.length > 0) chunks.push(join(small))
  return chunks
}
