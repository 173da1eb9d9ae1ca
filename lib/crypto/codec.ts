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

/** The scratch grows with the values up to here; what is larger gets a buffer of its own. */
const MAX_SCRATCH_BYTES = 1024 * 1024
const MIN_SCRATCH_BYTES = 64 * 1024
/** A UTF-16 unit takes at most three bytes in UTF-8. */
const UNIT_BYTES = 3

/**
 * {@link encode} for values that are sealed at once: JSON is written into one buffer again and again, for a new one
 * each time is memory outside of V8's heap, which costs more to make and to collect than to fill.
 */
export class EncodingScratch {
  #bytes = Buffer.alloc(0)

  /** The payload is good until the next call. @throws CacheError ERR_CACHE_VALUE as {@link encode} */
  encode(value: unknown): Encoded {
    if (isUint8Array(value)) return { codec: 'bytes', payload: value }
    const json = toJson(value)
    if (!this.#hasRoomFor(json)) return { codec: 'json', payload: Buffer.from(json) }
    return { codec: 'json', payload: this.#bytes.subarray(0, this.#bytes.write(json)) }
  }

  #hasRoomFor(json: string): boolean {
    if (json.length * UNIT_BYTES <= this.#bytes.length) return true
    const bytes = Buffer.byteLength(json)
    if (bytes > MAX_SCRATCH_BYTES) return false
    if (bytes > this.#bytes.length) {
      const room = Math.max(MIN_SCRATCH_BYTES, 2 ** Math.ceil(Math.log2(bytes)))
      // Slow: a buffer that stays must not be cut from the pool that all others share.
      this.#bytes = Buffer.allocUnsafeSlow(room)
    }
    return true
  }
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
