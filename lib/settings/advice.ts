import { backendOf, isGiven, labelOf, usesTls, type Draft } from './draft.js'
import { passwordWeakness } from './passwords.js'
import { GENERATED_MAX_VALUE_BYTES } from './requirements.js'
import { Secret } from './secret.js'
import type { SettingsWarning } from './settings.js'
import { SETTINGS, VARIABLE_NAMES, type VariableName } from './table.js'

/** Something odd that does not stop a start. */
interface Advice {
  readonly on: VariableName
  readonly holds: (draft: Draft) => boolean
  readonly message: string
}

const ADVICE: readonly Advice[] = [
  {
    on: 'CACHE_BACKEND',
    holds: (draft) => draft.values.CACHE_BACKEND === 'auto' && backendOf(draft) === 'memory',
    message:
      'no Redis is configured: values stay in the memory of this process. Set REDIS_HOST or REDIS_URL for Redis.',
  },
  {
    on: 'REDIS_DEV_MODE',
    holds: ({ values }) => values.REDIS_DEV_MODE,
    message:
      'development mode: TLS, strong passwords and an encryption key are not required. Never where others reach the server.',
  },
  {
    on: 'REDIS_TLS_CA',
    holds: (draft) =>
      isGiven(draft, 'REDIS_TLS_CA', 'REDIS_TLS_CERT') && backendOf(draft) === 'redis' && !usesTls(draft),
    message: 'without effect: TLS is off. Set REDIS_TLS_ENABLED=true.',
  },
  {
    on: 'REDIS_ENCRYPTION_PASSPHRASE',
    holds: (draft) =>
      isGiven(draft, 'REDIS_ENCRYPTION_PASSPHRASE') &&
      [draft.values.REDIS_ENCRYPTION_KEY, ...(draft.values.REDIS_ENCRYPTION_ACCEPTED_KEYS ?? [])].every(
        (key) => !key?.reveal().startsWith('pbkdf2-'),
      ),
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
    holds: ({ purpose, values }) =>
      purpose === 'application' && values.CACHE_MAX_VALUE_BYTES > GENERATED_MAX_VALUE_BYTES,
    message: 'larger than the generated configuration allows (4 MiB): the server must be configured for it.',
  },
  {
    on: 'SECURITY_SMTP_URL',
    holds: (draft) => isGiven(draft, 'SECURITY_SMTP_URL') && !isGiven(draft, 'SECURITY_ALERT_EMAIL'),
    message: 'without effect: SECURITY_ALERT_EMAIL is not set.',
  },
]

/** The odd, the weak passwords of development mode, and every way round the protection that is in use. */
export function warningsOf(draft: Draft): readonly SettingsWarning[] {
  const odd = ADVICE.filter((advice) => advice.holds(draft)).map(({ on, message }) => ({
    variable: labelOf(draft, on),
    message,
    insecure: false,
  }))
  return [...unsafeOf(draft), ...odd, ...weakPasswords(draft).map((weak) => ({ ...weak, insecure: false }))]
}

/** Passwords that are too short, published or a pattern: problems outside development mode. */
export function weakPasswords(
  draft: Draft,
): readonly { readonly variable: string; readonly message: string }[] {
  const passwords: readonly (readonly [VariableName, Secret | undefined])[] = [
    ...VARIABLE_NAMES.map((name) => [name, strongSecretOf(draft, name)] as const),
    ['REDIS_URL', draft.values.REDIS_URL?.password],
  ]
  return passwords.flatMap(([name, secret]) => {
    const weakness = secret === undefined ? undefined : passwordWeakness(secret.reveal())
    const part = name === 'REDIS_URL' ? 'its password: ' : ''
    return weakness === undefined
      ? []
      : [
          {
            variable: labelOf(draft, name),
            message: `${part}${weakness}. Generate one: openssl rand -hex 24.`,
          },
        ]
  })
}

function strongSecretOf({ values }: Draft, name: VariableName): Secret | undefined {
  const value = values[name]
  return 'strong' in SETTINGS[name] && value instanceof Secret ? value : undefined
}

function unsafeOf(draft: Draft): readonly SettingsWarning[] {
  return VARIABLE_NAMES.flatMap((name) => {
    const row = SETTINGS[name]
    return 'insecure' in row && row.insecure !== undefined && draft.values[name] === true
      ? [{ variable: labelOf(draft, name), message: `${row.insecure}.`, insecure: true }]
      : []
  })
}
