import { OpenError } from '../errors.js'

const MARKER = 0x80

/**
 * The Padmé size for `length` bytes (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and
 * Communication with PURBs", PETS 2019): at most 12 % more, and only O(log log length) bits of the length
 * remain visible.
 */
export function padmeSize(length: number): number {
  if (length < 2) return length
  const exponent = floorLog2(length)
  const step = 2 ** (exponent - floorLog2(exponent) - 1)
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
 * The bytes before the padding, without a copy. How many zeros there are is the writer's choice. That its time
 * depends on them tells nobody: whoever holds no key cannot make it run.
 *
 * @throws OpenError `format` where there is no padding
 */
export function unpad(padded: Buffer): Buffer {
  let end = padded.length - 1
  while (end >= 0 && padded[end] === 0) end--
  if (padded[end] !== MARKER) throw new OpenError('format')
  return padded.subarray(0, end)
}

/** Exact for 1 to 2^32 - 1, unlike Math.log2 rounded down. */
function floorLog2(number: number): number {
  return 31 - Math.clz32(number)
}
