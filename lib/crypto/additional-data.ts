import { CacheError } from '../errors.js'
import { NONCE_AT } from './header.js'
import { MAX_AAD_NAMESPACE_BYTES } from './ring-key.js'

const SHAPE_STRING = 0
const SHAPE_AT = NONCE_AT
const NAMESPACE_LENGTH_AT = SHAPE_AT + 1
const NAMESPACE_AT = NAMESPACE_LENGTH_AT + 2
const KEY_LENGTH_BYTES = 4
/** A key of the cache has at most 1024 bytes; longer contexts (of a sealer) get a buffer of their own. */
const SCRATCH_KEY_BYTES = 1024

/**
 * The AAD namespace, key prefix ‖ NUL ‖ namespace.
 *
 * @throws CacheError ERR_CACHE_NAMESPACE where it is too long, or no text without NUL
 */
export function aadNamespace(prefix: string, name: string): string {
  const joined = `${prefix}\0${name}`
  const bytes = Buffer.from(joined)
  // A lone surrogate would become another text, and a second NUL could stand for another division.
  if (bytes.toString() !== joined || joined.split('\0').length !== 2) {
    throw new CacheError(
      'ERR_CACHE_NAMESPACE',
      'key prefix and namespace must be well-formed text without NUL',
    )
  }
  if (bytes.length > MAX_AAD_NAMESPACE_BYTES) {
    throw new CacheError(
      'ERR_CACHE_NAMESPACE',
      `key prefix and namespace together must have at most ${MAX_AAD_NAMESPACE_BYTES - 1} bytes of UTF-8, ` +
        `got ${bytes.length - 1}`,
    )
  }
  return joined
}

/**
 * Builds the additional data of one namespace: header bytes 0 to 26 ‖ shape (0: string) ‖ u16 length ‖ AAD
 * namespace ‖ u32 length ‖ logical key. Length prefixes, never joined strings, so that no two different
 * (namespace, key) pairs give the same bytes.
 *
 * The constant part is written once, into a buffer that every call reuses: the result is good until the next.
 */
export class AdditionalData {
  readonly #scratch: Buffer
  readonly #keyAt: number
  /** The scratch up to the end of the key: of the same length most times. */
  #filled: Buffer

  constructor(namespace: string) {
    const length = Buffer.byteLength(namespace)
    this.#keyAt = NAMESPACE_AT + length + KEY_LENGTH_BYTES
    this.#scratch = Buffer.alloc(this.#keyAt + SCRATCH_KEY_BYTES)
    this.#scratch[SHAPE_AT] = SHAPE_STRING
    this.#scratch.writeUInt16BE(length, NAMESPACE_LENGTH_AT)
    this.#scratch.write(namespace, NAMESPACE_AT)
    this.#filled = this.#scratch
  }

  /**
   * `header`: at least the first 27 bytes of the sealed value.
   *
   * @throws CacheError ERR_CACHE_KEY for a key with a lone surrogate: two such keys have the same UTF-8
   */
  of(header: Uint8Array, key: string): Buffer {
    const target = this.#room(key)
    for (let i = 0; i < NONCE_AT; i++) target[i] = header[i] ?? 0
    const length = target.write(key, this.#keyAt)
    const end = this.#keyAt + length
    // As many bytes as units is ASCII; anything else is looked at.
    if (length !== key.length && target.toString('utf8', this.#keyAt, end) !== key) {
      throw new CacheError('ERR_CACHE_KEY', 'a key must be well-formed text, without lone surrogates')
    }
    target.writeUInt32BE(length, this.#keyAt - KEY_LENGTH_BYTES)
    if (target !== this.#scratch) return target.subarray(0, end)
    if (this.#filled.length !== end) this.#filled = target.subarray(0, end)
    return this.#filled
  }

  /** The common buffer, or a larger copy of it: a UTF-16 unit takes at most three bytes. */
  #room(key: string): Buffer {
    const most = key.length * 3
    return most <= SCRATCH_KEY_BYTES ? this.#scratch : Buffer.concat([this.#scratch, Buffer.alloc(most)])
  }
}
