/** A piece of what goes out: text in UTF-8, or bytes. */
export type Piece = string | Uint8Array

/** All pieces in one buffer. */
export function join(pieces: readonly Piece[]): Buffer {
  let size = 0
  for (const piece of pieces) size += sizeOf(piece)
  const buffer = Buffer.allocUnsafe(size)
  let at = 0
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      at += buffer.write(piece, at)
    } else {
      buffer.set(piece, at)
      at += piece.length
    }
  }
  return buffer
}

/** Bytes that it takes on the way. */
export function sizeOf(piece: Piece): number {
  return typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length
}
