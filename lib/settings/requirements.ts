import { backendOf, isGiven, loginOf, usesTls, type Draft } from './draft.js'
import { isDerived } from './keys.js'
import type { VariableName } from './table.js'

/** What settings must agree on. A row is a problem where `broken` holds; the first of `on` that is given names it. */
export interface Requirement {
  readonly on: readonly [VariableName, ...VariableName[]]
  readonly broken: (draft: Draft) => boolean
  readonly message: string
}

const DAY_MS = 86_400_000
const MAX_READ_MODE_DAYS = 180
/** `proto-max-bulk-len` of the generated configuration is twice this (redis.md). */
export const GENERATED_MAX_VALUE_BYTES = 4 * 1_048_576

const onRedis = (draft: Draft) => backendOf(draft) === 'redis'
const strict = (draft: Draft) => onRedis(draft) && !draft.values.REDIS_DEV_MODE
const inProduction = (draft: Draft) => draft.environment === 'production'
const isApplication = (draft: Draft) => draft.purpose === 'application'

/** Nothing else is needed: these must be there, whatever NODE_ENV says. */
const REQUIRED: readonly Requirement[] = [
  {
    on: ['REDIS_ENCRYPTION_KEY'],
    broken: (draft) =>
      draft.purpose === 'sealer' && !draft.values.REDIS_DEV_MODE && !isGiven(draft, 'REDIS_ENCRYPTION_KEY'),
    message:
      'required: what is sealed must open tomorrow. Generate one: openssl rand -hex 32; every instance needs the same. On one machine for development set REDIS_DEV_MODE=true.',
  },
  {
    on: ['REDIS_CACHE_PASSWORD'],
    broken: (draft) =>
      strict(draft) &&
      !draft.values.REDIS_UNSAFE_NO_PASSWORD &&
      loginOf(draft).authentication === 'none' &&
      !isGiven(draft, 'REDIS_CACHE_PASSWORD', 'REDIS_PASSWORD', 'REDIS_URL'),
    message:
      'required, or REDIS_PASSWORD for a server without ACL users. Set it to the password of the user REDIS_CACHE_USERNAME; on one machine for development set REDIS_DEV_MODE=true.',
  },
  {
    on: ['REDIS_URL'],
    broken: (draft) =>
      strict(draft) &&
      !draft.values.REDIS_UNSAFE_NO_PASSWORD &&
      draft.values.REDIS_URL !== undefined &&
      loginOf(draft).authentication === 'none' &&
      !isGiven(draft, 'REDIS_CACHE_PASSWORD', 'REDIS_PASSWORD'),
    message:
      'it holds no password, and one is required. Set REDIS_CACHE_PASSWORD (ACL user) or REDIS_PASSWORD (default user).',
  },
  {
    on: ['REDIS_ENCRYPTION_KEY'],
    broken: (draft) =>
      strict(draft) && !draft.values.CACHE_UNSAFE_NO_ENCRYPTION && !isGiven(draft, 'REDIS_ENCRYPTION_KEY'),
    message:
      'required: values rest encrypted. Generate one: openssl rand -hex 32; every instance needs the same. On one machine for development set REDIS_DEV_MODE=true.',
  },
  {
    on: ['REDIS_TLS_ENABLED'],
    broken: (draft) =>
      strict(draft) &&
      draft.values.REDIS_URL === undefined &&
      !usesTls(draft) &&
      !draft.values.REDIS_UNSAFE_NO_TLS,
    message:
      'TLS is required. Remove it or write true; on one machine for development set REDIS_DEV_MODE=true.',
  },
  {
    on: ['REDIS_URL'],
    broken: (draft) =>
      strict(draft) && draft.values.REDIS_URL?.tls === false && !draft.values.REDIS_UNSAFE_NO_TLS,
    message:
      'redis:// is plaintext, and TLS is required. Write rediss://; on one machine for development set REDIS_DEV_MODE=true.',
  },
]

const PRODUCTION: readonly Requirement[] = [
  {
    on: ['REDIS_DEV_MODE'],
    broken: (draft) => inProduction(draft) && draft.values.REDIS_DEV_MODE,
    message: 'refused where NODE_ENV is production. Remove it, and set what it then asks for.',
  },
  {
    on: ['CACHE_BACKEND'],
    broken: (draft) =>
      isApplication(draft) && inProduction(draft) && !onRedis(draft) && !draft.values.CACHE_UNSAFE_MEMORY,
    message:
      'the memory backend is refused where NODE_ENV is production. Set REDIS_HOST or REDIS_URL and CACHE_BACKEND=redis (CACHE_UNSAFE_MEMORY=true allows it all the same).',
  },
]

const LOCATION: readonly VariableName[] = ['REDIS_HOST', 'REDIS_PORT']

const CONTRADICTIONS: readonly Requirement[] = [
  {
    on: ['REDIS_URL'],
    broken: (draft) => isGiven(draft, 'REDIS_URL') && isGiven(draft, ...LOCATION),
    message: 'REDIS_HOST or REDIS_PORT is set as well. Keep the URL or the parts.',
  },
  {
    on: ['REDIS_SENTINELS'],
    broken: (draft) => isGiven(draft, 'REDIS_SENTINELS') && isGiven(draft, 'REDIS_CLUSTER_NODES'),
    message: 'REDIS_CLUSTER_NODES is set as well. Keep the one that the servers are.',
  },
  {
    on: ['REDIS_SENTINELS', 'REDIS_CLUSTER_NODES'],
    broken: (draft) =>
      isGiven(draft, 'REDIS_SENTINELS', 'REDIS_CLUSTER_NODES') && isGiven(draft, 'REDIS_URL', ...LOCATION),
    message: 'REDIS_URL, REDIS_HOST or REDIS_PORT is set as well. Keep one way to find the server.',
  },
  {
    on: ['REDIS_SENTINEL_NAME'],
    broken: (draft) => isGiven(draft, 'REDIS_SENTINELS') && !isGiven(draft, 'REDIS_SENTINEL_NAME'),
    message:
      'required with REDIS_SENTINELS. Write the name from the line "sentinel monitor" of sentinel.conf.',
  },
  {
    on: ['REDIS_TLS_ENABLED'],
    broken: ({ values }) =>
      values.REDIS_URL !== undefined &&
      values.REDIS_TLS_ENABLED !== undefined &&
      values.REDIS_TLS_ENABLED !== values.REDIS_URL.tls,
    message:
      'contradicts the scheme of REDIS_URL (rediss:// is TLS, redis:// is not). Remove it, or change the URL.',
  },
  {
    on: ['REDIS_UNSAFE_NO_TLS'],
    broken: (draft) => draft.values.REDIS_UNSAFE_NO_TLS && usesTls(draft),
    message: 'contradicts REDIS_TLS_ENABLED or the rediss:// of REDIS_URL. Remove it.',
  },
  {
    on: ['CACHE_UNSAFE_NO_ENCRYPTION'],
    broken: (draft) => draft.values.CACHE_UNSAFE_NO_ENCRYPTION && isGiven(draft, 'REDIS_ENCRYPTION_KEY'),
    message: 'contradicts REDIS_ENCRYPTION_KEY. Remove one of the two.',
  },
  {
    on: ['REDIS_CACHE_PASSWORD'],
    broken: ({ values, sources }) =>
      values.REDIS_URL?.password !== undefined &&
      values.REDIS_CACHE_PASSWORD !== undefined &&
      sources.get('REDIS_URL')?.from === sources.get('REDIS_CACHE_PASSWORD')?.from &&
      values.REDIS_URL.password.reveal() !== values.REDIS_CACHE_PASSWORD.reveal(),
    message: 'REDIS_URL holds another password. Keep one of the two.',
  },
  {
    on: ['REDIS_PASSWORD'],
    broken: ({ values, sources }) =>
      values.REDIS_URL?.password !== undefined &&
      values.REDIS_URL.username === undefined &&
      values.REDIS_PASSWORD !== undefined &&
      sources.get('REDIS_URL')?.from === sources.get('REDIS_PASSWORD')?.from &&
      values.REDIS_URL.password.reveal() !== values.REDIS_PASSWORD.reveal(),
    message: 'REDIS_URL holds another password. Keep one of the two.',
  },
  {
    on: ['REDIS_CACHE_USERNAME'],
    broken: (draft) =>
      draft.values.REDIS_URL?.username !== undefined &&
      isGiven(draft, 'REDIS_CACHE_USERNAME') &&
      draft.sources.get('REDIS_URL')?.from === draft.sources.get('REDIS_CACHE_USERNAME')?.from &&
      draft.values.REDIS_URL.username !== draft.values.REDIS_CACHE_USERNAME,
    message: 'REDIS_URL names another user. Keep one of the two.',
  },
  {
    on: ['REDIS_CACHE_PASSWORD'],
    broken: ({ values }) =>
      values.REDIS_URL?.username !== undefined &&
      values.REDIS_URL.password === undefined &&
      values.REDIS_CACHE_PASSWORD === undefined &&
      values.REDIS_PASSWORD !== undefined,
    message: 'required: REDIS_URL names a user and holds no password for it. Set the password of that user.',
  },
  {
    on: ['REDIS_TLS_CERT', 'REDIS_TLS_KEY'],
    broken: (draft) =>
      isApplication(draft) && isGiven(draft, 'REDIS_TLS_CERT') !== isGiven(draft, 'REDIS_TLS_KEY'),
    message: 'REDIS_TLS_CERT and REDIS_TLS_KEY belong together. Set both, or neither.',
  },
]

const KEYS: readonly Requirement[] = [
  {
    on: ['REDIS_ENCRYPTION_PASSPHRASE'],
    broken: (draft) =>
      [draft.values.REDIS_ENCRYPTION_KEY, ...(draft.values.REDIS_ENCRYPTION_ACCEPTED_KEYS ?? [])].some(
        (key) => key !== undefined && isDerived(key),
      ) && !isGiven(draft, 'REDIS_ENCRYPTION_PASSPHRASE'),
    message:
      'required: a key of the form pbkdf2-sha256:… is derived from it. Set the passphrase that belongs to the key.',
  },
  {
    on: ['CACHE_KEY_NAMES_SECRET'],
    broken: (draft) => draft.values.CACHE_KEY_NAMES === 'hmac' && !isGiven(draft, 'CACHE_KEY_NAMES_SECRET'),
    message: 'required with CACHE_KEY_NAMES=hmac. Generate one: openssl rand -hex 32.',
  },
  {
    on: ['CACHE_READ_MODE_UNTIL'],
    broken: (draft) => draft.values.CACHE_READ_MODE !== 'strict' && !isGiven(draft, 'CACHE_READ_MODE_UNTIL'),
    message: `required where CACHE_READ_MODE is not strict. Write a UTC date at most ${MAX_READ_MODE_DAYS} days ahead, such as 2030-01-31.`,
  },
  {
    on: ['CACHE_READ_MODE_UNTIL'],
    broken: ({ values, now }) =>
      values.CACHE_READ_MODE_UNTIL !== undefined &&
      values.CACHE_READ_MODE_UNTIL.getTime() > now + MAX_READ_MODE_DAYS * DAY_MS,
    message: `expected a date at most ${MAX_READ_MODE_DAYS} days ahead. Write a nearer one; it can be moved again later.`,
  },
]

const ALERTS: readonly Requirement[] = [
  {
    on: ['SECURITY_SMTP_URL'],
    broken: (draft) => isGiven(draft, 'SECURITY_ALERT_EMAIL') && !isGiven(draft, 'SECURITY_SMTP_URL'),
    message: 'required with SECURITY_ALERT_EMAIL. Write smtps://user:password@host:465.',
  },
  {
    on: ['SECURITY_ALERT_WEBHOOK_SECRET'],
    broken: (draft) =>
      isGiven(draft, 'SECURITY_ALERT_WEBHOOK') && !isGiven(draft, 'SECURITY_ALERT_WEBHOOK_SECRET'),
    message:
      'required with SECURITY_ALERT_WEBHOOK: unsigned alerts can be forged. Generate one: echo "whsec_$(openssl rand -base64 32)".',
  },
  {
    on: ['SECURITY_ALERT_WEBHOOK'],
    broken: ({ values }) =>
      values.SECURITY_ALERT_WEBHOOK?.reveal().startsWith('http:') === true &&
      !values.SECURITY_ALERT_WEBHOOK_ALLOW_PRIVATE,
    message:
      'expected https://. Write an https:// address; http:// is for private networks, with SECURITY_ALERT_WEBHOOK_ALLOW_PRIVATE=true.',
  },
]

const LIMITS: readonly Requirement[] = [
  {
    on: ['CACHE_MAX_VALUE_BYTES'],
    broken: ({ purpose, values }) =>
      purpose === 'generator' && values.CACHE_MAX_VALUE_BYTES > GENERATED_MAX_VALUE_BYTES,
    message: 'the generated configuration allows 4 MiB at most. Write 4mb or less.',
  },
]

export const REQUIREMENTS: readonly Requirement[] = [
  ...PRODUCTION,
  ...REQUIRED,
  ...CONTRADICTIONS,
  ...KEYS,
  ...ALERTS,
  ...LIMITS,
]
