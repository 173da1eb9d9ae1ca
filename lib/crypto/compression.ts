import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  deflateRawSync,
  inflateRawSync,
} from 'node:zlib'
import { OpenError } from '../errors.js'
import type { Compression } from './header.js'

type Method = Exclude<Compression, 'none'>

const COMPRESS: Readonly<Record<Method, (bytes: Uint8Array) => Buffer>> = {
  'deflate-raw': (bytes) => deflateRawSync(bytes),
  // Quality 11, the default, takes a hundred times as long for a few percent.
  brotli: (bytes) =>
    brotliCompressSync(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
}

const DECOMPRESS: Readonly<Record<Method, (bytes: Uint8Array, maxOutputLength: number) => Buffer>> = {
  'deflate-raw': (bytes, maxOutputLength) => inflateRawSync(bytes, { maxOutputLength }),
  brotli: (bytes, maxOutputLength) => brotliDecompressSync(bytes, { maxOutputLength }),
}

export function compress(method: Method, bytes: Uint8Array): Buffer {
  return COMPRESS[method](bytes)
}

/**
 * Never holds more than `maxBytes` of output: a small value may unpack to gigabytes.
 *
 * @throws OpenError `too_large` above the bound, `decode` for bytes that are no such stream
 */
export function decompress(method: Method, bytes: Uint8Array, maxBytes: number): Buffer {
  try {
    return DECOMPRESS[method](bytes, Math.max(maxBytes, 1))
  } catch (error) {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    throw new OpenError(isTooLarge ? 'too_large' : 'decode')
  }
}
