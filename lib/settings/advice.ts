import { X509Certificate } from 'node:crypto'
import { GENERATED_MAX_VALUE_BYTES } from './contradictions.js'
import { isGiven, labelOf, onRedis, keysOf, usesTls, type Draft } from './draft.js'
import { isDerived, isGuessable } from './keys.js'
import type { SettingsWarning } from './settings.js'
import { sharedPasswords, weakPasswords } from './strength.js'
import { SETTINGS, VARIABLE_NAMES, type VariableName } from './table.js'

/** Something odd that does not stop a start. */
interface Advice {
  readonly on: VariableName
  readonly holds: (draft: Draft) => boolean
  readonly message: string
  readonly insecure?: true
}

const ADVICE: readonly Advice[] = [
  {
    on: 'CACHE_BACKEND',
    holds: (draft) =>
      draft.purpose === 'application' && draft.values.CACHE_BACKEND === 'auto' && !onRedis(draft),
    message:
      'no Redis is configured: values stay in the memory of this process. Set REDIS_HOST or REDIS_URL for Redis.',
  },
  {
    on: 'REDIS_DEV_MODE',
    holds: ({ values }) => values.REDIS_DEV_MODE,
    message:
      'development mode: TLS, strong passwords and an encryption key are not required. Use it only where nobody else reaches the server.',
  },
  {
    on: 'REDIS_TLS_CA',
    holds: (draft) => isGiven(draft, 'REDIS_TLS_CA') && onRedis(draft) && !usesTls(draft),
    message: 'without effect: TLS is off. Set REDIS_TLS_ENABLED=true.',
  },
  {
    on: 'REDIS_TLS_CERT',
    holds: ({ values, now }) => values.REDIS_TLS_CERT !== undefined && expired(values.REDIS_TLS_CERT, now),
    message: 'the client certificate has expired: a server that asks for one refuses it. Renew it.',
  },
  {
    on: 'REDIS_ENCRYPTION_KEY',
    holds: (draft) => keysOf(draft).some(isGuessable),
    message:
      'a pattern or readable text instead of random bytes: whoever guesses it reads every value. Generate one: openssl rand -hex 32.',
    insecure: true,
  },
  {
    on: 'REDIS_ENCRYPTION_PASSPHRASE',
    holds: (draft) => isGiven(draft, 'REDIS_ENCRYPTION_PASSPHRASE') && !keysOf(draft).some(isDerived),
    message: 'without effect: no key has the form pbkdf2-sha256:….',
  },
  {
    on: 'CACHE_READ_MODE_UNTIL',
    holds: ({ values, now }) =>
      values.CACHE_READ_MODE !== 'strict' &&
      values.CACHE_READ_MODE_UNTIL !== undefined &&
      values.CACHE_READ_MODE_UNTIL.getTime() <= now,
    message: 'the date has passed: reading is strict again. Remove it together with CACHE_READ_MODE.',
  },
  {
    on: 'CACHE_READ_MODE_UNTIL',
    holds: (draft) => draft.values.CACHE_READ_MODE === 'strict' && isGiven(draft, 'CACHE_READ_MODE_UNTIL'),
    message: 'without effect: CACHE_READ_MODE is strict.',
  },
  {
    on: 'CACHE_MAX_VALUE_BYTES',
    holds: (draft) => onRedis(draft) && draft.values.CACHE_MAX_VALUE_BYTES > GENERATED_MAX_VALUE_BYTES,
    message: 'larger than the generated configuration allows (4 MiB): the server must be configured for it.',
  },
  {
    on: 'CACHE_MAX_VALUE_BYTES',
    holds: (draft) =>
      !onRedis(draft) && draft.values.CACHE_MAX_VALUE_BYTES > draft.values.CACHE_MEMORY_MAX_BYTES,
    message: 'larger than CACHE_MEMORY_MAX_BYTES: the largest values do not fit.',
  },
  {
    on: 'REDIS_PROTECTED_MODE',
    holds: ({ purpose, values }) => purpose === 'generator' && !values.REDIS_PROTECTED_MODE,
    message: 'off: a server without users and password would answer the whole network (rule NET-003).',
    insecure: true,
  },
  {
    on: 'SECURITY_SMTP_URL',
    holds: (draft) => isGiven(draft, 'SECURITY_SMTP_URL') && !isGiven(draft, 'SECURITY_ALERT_EMAIL'),
    message: 'without effect: SECURITY_ALERT_EMAIL is not set.',
  },
]

/** Every way round the protection that is in use, what is odd, and passwords that are weak or shared. */
export function warningsOf(draft: Draft): readonly SettingsWarning[] {
  const odd = ADVICE.filter((advice) => advice.holds(draft)).map(({ on, message, insecure = false }) => ({
    variable: labelOf(draft, on),
    message,
    insecure,
  }))
  const passwords = [...weakPasswords(draft), ...sharedPasswords(draft)]
  return [...unsafeOf(draft), ...odd, ...passwords.map((remark) => ({ ...remark, insecure: false }))]
}

function unsafeOf(draft: Draft): readonly SettingsWarning[] {
  return VARIABLE_NAMES.flatMap((name) => {
    const row = SETTINGS[name]
    return 'insecure' in row && row.insecure !== undefined && draft.values[name] === true
      ? [{ variable: labelOf(draft, name), message: `${row.insecure}.`, insecure: true }]
      : []
  })
}

function expired(certificate: string, now: number): boolean {
  return Date.parse(new X509Certificate(certificate).validTo) < now
}
