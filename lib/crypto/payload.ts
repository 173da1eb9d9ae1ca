import { OpenError } from '../errors.js'
import { compress, decompress } from './compression.js'
import type { Compression, PayloadForm } from './header.js'
import { readMetadata, writeMetadata, type Metadata } from './metadata.js'
import { pad, unpad } from './padding.js'

/** What may be done to a payload before it is sealed. */
export interface PayloadOptions {
  /** Off by default: the length of what is compressed together with a secret tells about the secret. */
  readonly compression?: Compression | undefined
  /** Hides the exact length, for at most 12 % more bytes. */
  readonly padded?: boolean | undefined
  readonly metadata?: Metadata | undefined
}

/** Compresses, puts the metadata before it, pads. Says which compression was used in the end. */
export function wrap(
  payload: Uint8Array,
  options: PayloadOptions,
): { readonly plaintext: Uint8Array; readonly compression: Compression } {
  let compression = options.compression ?? 'none'
  let plaintext = payload
  if (compression !== 'none') {
    const compressed = compress(compression, payload)
    if (compressed.length < payload.length) plaintext = compressed
    else compression = 'none'
  }
  if (options.metadata !== undefined) plaintext = Buffer.concat([writeMetadata(options.metadata), plaintext])
  if (options.padded === true) plaintext = pad(plaintext)
  return { plaintext, compression }
}

/**
 * The reverse of {@link wrap}.
 *
 * @throws OpenError `format` for padding or metadata that is none, `too_large` for a payload above the bound,
 *   `decode` for what does not decompress
 */
export function unwrap(
  plaintext: Buffer,
  form: PayloadForm,
  maxBytes: number,
): { readonly payload: Buffer; readonly metadata: Metadata | undefined } {
  const unpadded = form.padded ? unpad(plaintext) : plaintext
  const { payload: packed, metadata } = form.hasMetadata
    ? readMetadata(unpadded)
    : { payload: unpadded, metadata: undefined }
  const payload = form.compression === 'none' ? packed : decompress(form.compression, packed, maxBytes)
  if (payload.length > maxBytes) throw new OpenError('too_large')
  return { payload, metadata }
}
