import { createSecretKey, pbkdf2, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { CacheError } from '../errors.js'
import type { Secret } from '../settings/secret.js'
import type { EncryptionSettings } from '../settings/settings.js'
import { KEY_BYTES, parseKey, type KeyDerivation, type ParsedKey } from './key-text.js'

const MAX_KEYS = 16
const derive = promisify(pbkdf2)

/** Keys as the settings give them, read but not yet derived; the one that seals comes first. */
export interface MasterKeyPlan {
  readonly keys: readonly ParsedKey[]
  readonly passphrase: Secret | undefined
}

/** @throws CacheError ERR_KEY_FORMAT naming the variable, never its value */
export function planMasterKeys({ key, acceptedKeys, passphrase }: EncryptionSettings): MasterKeyPlan {
  if (key === undefined) {
    throw new CacheError('ERR_KEY_FORMAT', 'REDIS_ENCRYPTION_KEY is required to seal values')
  }
  if (acceptedKeys.length + 1 > MAX_KEYS) {
    throw new CacheError(
      'ERR_KEY_FORMAT',
      `REDIS_ENCRYPTION_ACCEPTED_KEYS must have at most ${MAX_KEYS - 1} keys, got ${acceptedKeys.length}`,
    )
  }
  const keys = [
    parseKey(key.reveal(), 'REDIS_ENCRYPTION_KEY'),
    ...acceptedKeys.map((accepted, i) =>
      parseKey(accepted.reveal(), `REDIS_ENCRYPTION_ACCEPTED_KEYS (number ${i + 1})`),
    ),
  ]
  if (keys.some(({ kind }) => kind === 'pbkdf2') && !passphrase?.reveal()) {
    throw new CacheError(
      'ERR_KEY_FORMAT',
      'REDIS_ENCRYPTION_PASSPHRASE is required: a key of the form pbkdf2-sha256:… is derived from it',
    )
  }
  return { keys, passphrase }
}

/** The keys at once, where none has to be derived; `undefined` otherwise. */
export function immediateMasterKeys({ keys }: MasterKeyPlan): readonly KeyObject[] | undefined {
  const raw = keys.flatMap((key) => (key.kind === 'raw' ? [key.key] : []))
  return raw.length === keys.length ? raw : undefined
}

/**
 * All keys. Derived one after the other: in parallel they would fill the thread pool and delay name look-ups
 * and file reads. Rejects with a CacheError ERR_KEY_FORMAT where a derivation fails.
 */
export async function deriveMasterKeys({ keys, passphrase }: MasterKeyPlan): Promise<readonly KeyObject[]> {
  const masters: KeyObject[] = []
  for (const key of keys) masters.push(key.kind === 'raw' ? key.key : await deriveKey(key, passphrase))
  return masters
}

async function deriveKey(how: KeyDerivation, passphrase: Secret | undefined): Promise<KeyObject> {
  try {
    const bytes = await derive(passphrase?.reveal() ?? '', how.salt, how.iterations, KEY_BYTES, 'sha256')
    const key = createSecretKey(bytes)
    bytes.fill(0)
    return key
  } catch {
    throw new CacheError('ERR_KEY_FORMAT', 'no key could be derived from REDIS_ENCRYPTION_PASSPHRASE')
  }
}
