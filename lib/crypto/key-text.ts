import { createSecretKey, type KeyObject } from 'node:crypto'
import { CacheError } from '../errors.js'

/** Bytes of a key. */
export const KEY_BYTES = 32
const MIN_SALT_BYTES = 16
const MAX_SALT_BYTES = 1024
/** NIST SP 800-132 asks for 1000 and more; OWASP for 600 000, which is what we write ourselves. */
const MIN_ITERATIONS = 10_000
/** About five seconds; beyond it is a slip of the keyboard, and the cache would never become ready. */
const MAX_ITERATIONS = 10_000_000

/** The accepted forms, for error messages. */
export const KEY_FORMS =
  '64 hex digits, 43 or 44 characters of base64 or base64url (32 bytes), or ' +
  'pbkdf2-sha256:i=600000:salt=<base64 of at least 16 bytes> with a passphrase'

/** How to derive a key from the passphrase. */
export interface KeyDerivation {
  readonly kind: 'pbkdf2'
  readonly iterations: number
  readonly salt: Buffer
}

/** A key as it was written: the key itself, or how to derive it. */
export type ParsedKey = { readonly kind: 'raw'; readonly key: KeyObject } | KeyDerivation

/**
 * Reads a key in one of its written forms. Strict: mixed alphabets, non-canonical base64, white space and
 * other lengths are refused, so that a slip cannot silently become another key.
 *
 * @param name stands for the key in the message, such as `REDIS_ENCRYPTION_KEY`
 * @throws CacheError ERR_KEY_FORMAT with the accepted forms, never the text
 */
export function parseKey(text: string, name = 'the encryption key'): ParsedKey {
  if (text.startsWith('pbkdf2-')) return parseDerivation(text, name)
  const bytes = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : decodeBase64(text)
  if (bytes?.length !== KEY_BYTES) {
    throw new CacheError('ERR_KEY_FORMAT', `${name} must be ${KEY_FORMS}; got ${text.length} characters`)
  }
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return { kind: 'raw', key }
}

function parseDerivation(text: string, name: string): ParsedKey {
  const match = /^pbkdf2-sha256:i=([1-9][0-9]{0,9}):salt=(.*)$/s.exec(text)
  if (!match) throw new CacheError('ERR_KEY_FORMAT', `${name} must be ${KEY_FORMS}`)
  const iterations = Number(match[1])
  if (iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS) {
    throw new CacheError(
      'ERR_KEY_FORMAT',
      `${name} must have between ${MIN_ITERATIONS} and ${MAX_ITERATIONS} iterations (i=600000 is advised)`,
    )
  }
  const salt = decodeBase64(match[2] ?? '')
  if (salt === undefined || salt.length < MIN_SALT_BYTES || salt.length > MAX_SALT_BYTES) {
    throw new CacheError(
      'ERR_KEY_FORMAT',
      `${name} must have a salt of ${MIN_SALT_BYTES} to ${MAX_SALT_BYTES} bytes, written in base64`,
    )
  }
  return { kind: 'pbkdf2', iterations, salt }
}

/** Canonical base64 or base64url, with or without padding; `undefined` for everything else. */
function decodeBase64(text: string): Buffer | undefined {
  for (const alphabet of ['base64', 'base64url'] as const) {
    const bytes = Buffer.from(text, alphabet)
    const unpadded = bytes.toString(alphabet).replace(/=+$/, '')
    const padding = '='.repeat((4 - (unpadded.length % 4)) % 4)
    if (text === unpadded || text === unpadded + padding) return bytes
  }
  return undefined
}
