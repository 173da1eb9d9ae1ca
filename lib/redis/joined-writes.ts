import type { Socket } from 'node:net'

/** What is larger gains nothing from being copied together with others. */
const SMALL_BYTES = 16 * 1024
const FLUSH_BYTES = 64 * 1024

type Chunk = string | Uint8Array

/**
 * Lets the small writes of one tick leave as one: one system call and one TLS record instead of hundreds.
 *
 * It works below ioredis, on the socket, so that no order can change. (Batching above it, through
 * `sendCommand(command, stream)`, delivers replies to the wrong callers when mixed with direct commands.)
 * Large chunks and writes with a callback or an encoding flush first, as does `end`; back-pressure is
 * passed on.
 */
export function joinWrites(stream: Socket): void {
  const write = stream.write.bind(stream) as (chunk: Chunk, ...rest: unknown[]) => boolean
  const end = stream.end.bind(stream) as (...given: unknown[]) => Socket
  let gathered: Buffer[] = []
  let size = 0
  let scheduled = false

  const flush = () => {
    if (gathered.length === 0) return true
    const chunk = gathered.length === 1 ? gathered[0] : Buffer.concat(gathered, size)
    gathered = []
    size = 0
    return chunk === undefined || stream.destroyed || write(chunk)
  }
  const leave = () => {
    scheduled = false
    flush()
  }
  const gather = (chunk: Buffer) => {
    gathered.push(chunk)
    size += chunk.length
    if (size >= FLUSH_BYTES) return flush()
    if (!scheduled) {
      scheduled = true
      process.nextTick(leave)
    }
    return !stream.writableNeedDrain
  }

  stream.write = (chunk: Chunk, ...rest: unknown[]) => {
    if (rest.length > 0 || chunk.length > SMALL_BYTES) {
      flush()
      return write(chunk, ...rest)
    }
    return gather(asBuffer(chunk))
  }
  stream.end = (...given: unknown[]) => {
    flush()
    return end(...given)
  }
}

function asBuffer(chunk: Chunk): Buffer {
  if (typeof chunk === 'string') return Buffer.from(chunk)
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}
