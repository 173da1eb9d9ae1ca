import { createDecipheriv, createHmac, timingSafeEqual, type KeyObject } from 'node:crypto'
import { OpenError } from '../errors.js'

const VERSION = 0x80
const TIMESTAMP_AT = 1
const IV_AT = 9
const CIPHERTEXT_AT = 25
const BLOCK_BYTES = 16
const HMAC_BYTES = 32
const SKEW_SECONDS = 60
const SIGNING_KEY_BYTES = 16

export interface OpenedFernet {
  readonly payload: Buffer
  /** Unix seconds. */
  readonly issuedAt: number
}

/**
 * Opens a Fernet token (https://github.com/fernet/spec), for caches that Python's `cryptography` wrote.
 * Nothing here writes one.
 *
 * @param token url-safe base64 with padding, canonical; text or its bytes
 * @param keys secret `KeyObject`s of 32 bytes; a token names no key, so each is tried
 * @throws OpenError `format` for bytes that are no token, `tag` where no key signed it, `expired` where it comes
 *   from more than 60 s ahead, `decode` where the plaintext has no PKCS#7 padding
 */
export function openFernet(
  token: string | Uint8Array,
  keys: readonly KeyObject[],
  nowSeconds: number,
): OpenedFernet {
  const bytes = decodeToken(typeof token === 'string' ? token : Buffer.from(token).toString('latin1'))
  if (bytes === undefined) throw new OpenError('format')
  const signed = bytes.subarray(0, -HMAC_BYTES)
  const signature = bytes.subarray(-HMAC_BYTES)
  const halves = keys.map(splitKey).find(({ signing }) => {
    return timingSafeEqual(createHmac('sha256', signing).update(signed).digest(), signature)
  })
  if (halves === undefined) throw new OpenError('tag')
  const issuedAt = Number(bytes.readBigUInt64BE(TIMESTAMP_AT))
  if (issuedAt > nowSeconds + SKEW_SECONDS) throw new OpenError('expired')
  const iv = bytes.subarray(IV_AT, CIPHERTEXT_AT)
  const decipher = createDecipheriv('aes-128-cbc', halves.encryption, iv)
  try {
    const payload = Buffer.concat([decipher.update(signed.subarray(CIPHERTEXT_AT)), decipher.final()])
    return { payload, issuedAt }
  } catch {
    throw new OpenError('decode')
  }
}

function splitKey(key: KeyObject): { signing: Buffer; encryption: Buffer } {
  const bytes = key.export()
  return { signing: bytes.subarray(0, SIGNING_KEY_BYTES), encryption: bytes.subarray(SIGNING_KEY_BYTES) }
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
