/** A piece of what goes out: text in UTF-8, or bytes. */
export type Piece = string | Uint8Array

/** All pieces in one buffer. */
export function join(pieces: readonly Piece[]): Buffer {
  let size = 0
  for (const piece of pieces) size += sizeOf(piece)
  const buffer = Buffer.allocUnsafe(size)
  fill(buffer, pieces)
  return buffer
}

/** Writes all pieces to the begin of a buffer that has room for them; how many bytes they took. */
export function fill(buffer: Buffer, pieces: readonly Piece[]): number {
  let at = 0
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      at += buffer.write(piece, at)
    } else {
      buffer.set(piece, at)
      at += piece.length
    }
  }
  return at
}

/** Bytes that it takes on the way. */
export function sizeOf(piece: Piece): number {
  return typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length
}
