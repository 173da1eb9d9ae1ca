import { createDecipheriv, createHmac, timingSafeEqual, type KeyObject } from 'node:crypto'
import { OpenError } from '../errors.js'

const VERSION = 0x80
const TIMESTAMP_AT = 1
const IV_AT = 9
const CIPHERTEXT_AT = 25
const BLOCK_BYTES = 16
const HMAC_BYTES = 32
const SIGNING_KEY_BYTES = 16
/** Python's `cryptography` has the same. */
const SKEW_SECONDS = 60

export interface OpenedFernet {
  readonly payload: Buffer
  /** Unix seconds. */
  readonly issuedAt: number
}

/**
 * Opens a Fernet token (https://github.com/fernet/spec), for caches that Python's `cryptography` wrote.
 * Nothing here writes one.
 *
 * @param token url-safe base64 with padding, canonical; the text or its bytes
 * @param keys secret `KeyObject`s of 32 bytes; a token names no key, so each is tried
 * @throws OpenError `format` for what is no token, `tag` where no key signed it, `expired` where it was issued
 *   more than 60 s ahead of `nowSeconds`, `decode` where what it holds has no PKCS#7 padding
 */
export function openFernet(
  token: string | Uint8Array,
  keys: readonly KeyObject[],
  nowSeconds: number,
): OpenedFernet {
  const bytes = decodeToken(typeof token === 'string' ? token : Buffer.from(token).toString('latin1'))
  if (bytes === undefined) throw new OpenError('format')
  const key = keys.map((candidate) => candidate.export()).find((candidate) => hasSigned(candidate, bytes))
  if (key === undefined) throw new OpenError('tag')
  const issuedAt = Number(bytes.readBigUInt64BE(TIMESTAMP_AT))
  // Written so that a clock without a time (NaN) accepts nothing.
  if (!(issuedAt <= nowSeconds + SKEW_SECONDS)) throw new OpenError('expired')
  return { payload: decrypt(key.subarray(SIGNING_KEY_BYTES), bytes), issuedAt }
}

/** Compared in constant time: how far a forged signature is right must not show. */
function hasSigned(key: Buffer, bytes: Buffer): boolean {
  const hmac = createHmac('sha256', key.subarray(0, SIGNING_KEY_BYTES))
  return timingSafeEqual(hmac.update(bytes.subarray(0, -HMAC_BYTES)).digest(), bytes.subarray(-HMAC_BYTES))
}

/** After the signature was checked, so that an error tells nothing to whoever has no key. */
function decrypt(key: Buffer, bytes: Buffer): Buffer {
  const decipher = createDecipheriv('aes-128-cbc', key, bytes.subarray(IV_AT, CIPHERTEXT_AT))
  const start = decipher.update(bytes.subarray(CIPHERTEXT_AT, -HMAC_BYTES))
  try {
    return Buffer.concat([start, decipher.final()])
  } catch {
    throw new OpenError('decode')
  }
}

/** The token's bytes, where text and lengths are exactly as a writer makes them. */
function decodeToken(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  const unpadded = bytes.toString('base64url')
  if (text !== unpadded + '='.repeat((4 - (unpadded.length % 4)) % 4)) return undefined
  const ciphertextBytes = bytes.length - CIPHERTEXT_AT - HMAC_BYTES
  const isWhole = ciphertextBytes >= BLOCK_BYTES && ciphertextBytes % BLOCK_BYTES === 0
  return isWhole && bytes[0] === VERSION ? bytes : undefined
}
