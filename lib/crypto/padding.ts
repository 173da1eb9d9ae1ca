const MARKER = 0x80

/**
 * The Padmé size for `length` bytes (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and
 * Communication with PURBs", PETS 2019): at most 12 % more, and only O(log log length) bits of the length
 * remain visible.
 */
export function padmeSize(length: number): number {
  if (length < 2) return length
  const exponent = Math.floor(Math.log2(length))
  const lowBits = exponent - (Math.floor(Math.log2(exponent)) + 1)
  const step = 2 ** Math.max(lowBits, 0)
  return Math.ceil(length / step) * step
}

/** bytes ‖ 0x80 ‖ zeros, up to the next Padmé size. */
export function pad(bytes: Uint8Array): Buffer {
  const padded = Buffer.alloc(padmeSize(bytes.length + 1))
  padded.set(bytes)
  padded[bytes.length] = MARKER
  return padded
}

/**
 * The bytes before the padding, or `undefined` where there is none. The length of the zeros is the writer's
 * choice. Its time tells about the length, to nobody: whoever holds no key cannot make it run.
 */
export function unpad(padded: Buffer): Buffer | undefined {
  let end = padded.length - 1
  while (end >= 0 && padded[end] === 0) end--
  return padded[end] === MARKER ? padded.subarray(0, end) : undefined
}
