import { CacheError } from '../errors.js'
import { parseKey } from '../crypto/key-ring.js'
import { Secret } from './secret.js'
import { refuse, type Validator } from './validator.js'

const FORMS =
  '64 hex digits, or 43 or 44 characters of base64 or base64url (32 bytes), or pbkdf2-sha256:i=600000:salt=<base64 of at least 16 bytes>'

/** The sealing key and these (lib/crypto/key-ring.ts counts them again). */
const MAX_ACCEPTED = 15

export const encryptionKey: Validator<Secret> = {
  expected: FORMS,
  parse: (text) => key(text.trim(), 'the key'),
}

export const encryptionKeys: Validator<readonly Secret[]> = {
  expected: `up to ${MAX_ACCEPTED} keys separated by commas, each ${FORMS}`,
  parse: (text) => {
    const keys = text
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
    if (keys.length > MAX_ACCEPTED) return refuse(`expected at most ${MAX_ACCEPTED} keys, got ${keys.length}`)
    return keys.map((entry, index) => key(entry, `key ${index + 1} of the list`))
  },
}

/** True for a key that is derived from the passphrase. */
export function isDerived(secret: Secret): boolean {
  return secret.reveal().startsWith('pbkdf2-')
}

/**
 * True for 32 bytes that nobody drew at random: a repetition, a row of numbers, the letters of a sentence.
 * Random bytes show fewer than 16 different ones, or only printable ones, less than once in 10^13 keys.
 */
export function isGuessable(secret: Secret): boolean {
  const parsed = parseKey(secret.reveal())
  if (parsed.kind !== 'raw') return false
  const bytes = parsed.key.export()
  const steps = new Set(bytes.subarray(1).map((byte, index) => byte - (bytes[index] ?? 0)))
  const guessable =
    new Set(bytes).size < 16 || steps.size < 4 || bytes.every((byte) => byte >= 0x20 && byte <= 0x7e)
  bytes.fill(0)
  return guessable
}

function key(text: string, which: string): Secret {
  try {
    parseKey(text, which)
  } catch (error) {
    return refuse(error instanceof CacheError ? error.message : `expected ${FORMS}`)
  }
  return new Secret(text)
}
