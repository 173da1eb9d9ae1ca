import { isUtf8 } from 'node:buffer'
import { isUint8Array } from 'node:util/types'
import { OpenError } from '../errors.js'
import { asBuffer, type Codec } from './header.js'
import { toJson } from './json.js'

/** A value as bytes, and how it became them. */
export interface Encoded {
  readonly codec: Codec
  /** For a `Uint8Array` the value itself, not a copy. */
  readonly payload: Uint8Array
}

/**
 * Turns a value into bytes: a `Uint8Array` as it is, everything else as JSON in UTF-8.
 *
 * @throws CacheError ERR_CACHE_VALUE for what JSON would lose, naming the path of the offending part, such as
 *   `$.user.tags[3]`, never the value
 */
export function encode(value: unknown): Encoded {
  if (isUint8Array(value)) return { codec: 'bytes', payload: value }
  return { codec: 'json', payload: Buffer.from(toJson(value)) }
}

/**
 * How many bytes {@link encode} would make of a value, without making them.
 *
 * @throws CacheError ERR_CACHE_VALUE as {@link encode}
 */
export function encodedSize(value: unknown): number {
  return isUint8Array(value) ? value.length : Buffer.byteLength(toJson(value))
}

/** The reverse of {@link encode}. @throws OpenError `decode` for bytes that are no JSON in UTF-8 */
export function decode(codec: Codec, payload: Uint8Array): unknown {
  if (codec === 'bytes') return payload
  // Otherwise a broken sequence would silently become U+FFFD.
  if (!isUtf8(payload)) throw new OpenError('decode')
  try {
    return JSON.parse(asBuffer(payload).toString())
  } catch {
    throw new OpenError('decode')
  }
}
