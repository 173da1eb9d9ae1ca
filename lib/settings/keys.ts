import { Secret } from './secret.js'
import { refuse, type Validator } from './validator.js'

const FORMS =
  '32 bytes as 64 hex digits, or as base64 or base64url of 43 or 44 characters; or pbkdf2-sha256:i=600000:salt=<base64, at least 16 bytes> with REDIS_ENCRYPTION_PASSPHRASE'

const MAX_KEYS = 16

export const encryptionKey: Validator<Secret> = {
  expected: FORMS,
  parse: (text) => key(text.trim()),
}

export const encryptionKeys: Validator<readonly Secret[]> = {
  expected: `up to ${MAX_KEYS - 1} keys separated by commas, each ${FORMS}`,
  parse: (text) => {
    const keys = text
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
    if (keys.length >= MAX_KEYS) return refuse(`expected at most ${MAX_KEYS - 1} keys, got ${keys.length}`)
    return keys.map((entry, index) => key(entry, keys.length > 1 ? `key ${index + 1} of the list: ` : ''))
  },
}

/** True for a key that is derived from the passphrase. */
export function isDerived(secret: Secret): boolean {
  return secret.reveal().startsWith('pbkdf2-')
}

function key(text: string, where = ''): Secret {
  const hex = /^[0-9a-f]{64}$/i.test(text)
  const unpadded = text.replace(/=$/, '')
  const base64 = ['base64', 'base64url'].some((encoding) => {
    const bytes = Buffer.from(unpadded, 'base64')
    return bytes.length === 32 && bytes.toString(encoding as BufferEncoding).replace(/=$/, '') === unpadded
  })
  const derived = /^pbkdf2-sha256:i=\d{5,8}:salt=[A-Za-z0-9+/_-]{22,}={0,2}$/.test(text)
  return hex || base64 || derived ? new Secret(text) : refuse(`${where}expected ${FORMS}`)
}
