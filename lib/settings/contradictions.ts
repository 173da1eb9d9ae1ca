import { createPrivateKey, X509Certificate } from 'node:crypto'
import { inProduction, isGiven, loginOf, usesTls, type Draft, type Requirement } from './draft.js'
import { isGuessable } from './keys.js'
import type { Secret } from './secret.js'
import type { VariableName } from './table.js'

const DAY_MS = 86_400_000
const MAX_READ_MODE_DAYS = 180
/** The generated configuration bounds what the server accepts at twice this (`proto-max-bulk-len`). */
export const GENERATED_MAX_VALUE_BYTES = 4 * 1_048_576

const LOCATION: readonly VariableName[] = ['REDIS_HOST', 'REDIS_PORT']

const GUESSABLE =
  'expected 32 random bytes, got a pattern or readable text. Generate a key: openssl rand -hex 32.'

/** Users with a role of their own: the application must not be one of them. */
const ROLE_NAMES: readonly string[] = [
  'admin',
  'auditor',
  'health_service',
  'maintenance',
  'monitor',
  'operator',
  'queue',
  'rate_limit',
  'replica',
  'sentinel',
  'sessions',
]

/** Where plaintext may be tried out. */
const IN_DEVELOPMENT: ReadonlySet<Draft['environment']> = new Set(['development', 'test'])

/** Given in the same place, so that neither wins over the other. */
const together = ({ sources }: Draft, one: VariableName, other: VariableName) =>
  sources.has(one) && sources.get(one)?.from === sources.get(other)?.from

export const CONTRADICTIONS: readonly Requirement[] = [
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
    on: ['REDIS_TLS_CERT', 'REDIS_TLS_KEY'],
    broken: (draft) =>
      draft.purpose === 'application' && isGiven(draft, 'REDIS_TLS_CERT') !== isGiven(draft, 'REDIS_TLS_KEY'),
    message: 'REDIS_TLS_CERT and REDIS_TLS_KEY belong together. Set both, or neither.',
  },
  {
    on: ['REDIS_TLS_KEY'],
    broken: ({ values: { REDIS_TLS_CERT: certificate, REDIS_TLS_KEY: key } }) =>
      certificate !== undefined &&
      key !== undefined &&
      !new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key.reveal())),
    message:
      'is not the key of the first certificate in REDIS_TLS_CERT. Set the two files that were issued together.',
  },
  {
    on: ['REDIS_CACHE_PASSWORD'],
    broken: (draft) =>
      together(draft, 'REDIS_CACHE_PASSWORD', 'REDIS_URL') &&
      differ(draft.values.REDIS_CACHE_PASSWORD?.reveal(), draft.values.REDIS_URL?.password?.reveal()),
    message: 'REDIS_URL holds another password. Keep one of the two.',
  },
  {
    on: ['REDIS_PASSWORD'],
    broken: (draft) =>
      together(draft, 'REDIS_PASSWORD', 'REDIS_URL') &&
      draft.values.REDIS_URL?.username === undefined &&
      differ(draft.values.REDIS_PASSWORD?.reveal(), draft.values.REDIS_URL?.password?.reveal()),
    message: 'REDIS_URL holds another password. Keep one of the two.',
  },
  {
    on: ['REDIS_CACHE_USERNAME'],
    broken: (draft) =>
      together(draft, 'REDIS_CACHE_USERNAME', 'REDIS_URL') &&
      differ(draft.values.REDIS_CACHE_USERNAME, draft.values.REDIS_URL?.username),
    message: 'REDIS_URL names another user. Keep one of the two.',
  },
  {
    on: ['REDIS_CACHE_USERNAME', 'REDIS_URL'],
    broken: (draft) =>
      loginOf(draft).authentication !== 'none' &&
      namesUser(draft) &&
      !isGiven(draft, 'REDIS_CACHE_PASSWORD') &&
      draft.values.REDIS_URL?.password === undefined,
    message:
      'names a user without its password. Set REDIS_CACHE_PASSWORD: REDIS_PASSWORD belongs to the user default or admin.',
  },
  {
    on: ['REDIS_CACHE_USERNAME', 'REDIS_URL'],
    broken: (draft) => ROLE_NAMES.includes(loginOf(draft).username ?? ''),
    message: `names a user with another role (${ROLE_NAMES.join(', ')}). The application needs one of its own, such as cache_service.`,
  },
  {
    on: ['CACHE_UNSAFE_NO_ENCRYPTION'],
    broken: (draft) => draft.values.CACHE_UNSAFE_NO_ENCRYPTION && isGiven(draft, 'REDIS_ENCRYPTION_KEY'),
    message: 'contradicts REDIS_ENCRYPTION_KEY. Remove one of the two.',
  },
  {
    on: ['REDIS_ENCRYPTION_KEY'],
    broken: (draft) => inProduction(draft) && guessable(draft.values.REDIS_ENCRYPTION_KEY),
    message: GUESSABLE,
  },
  {
    // One that only opens too: whoever guesses it can plant values.
    on: ['REDIS_ENCRYPTION_ACCEPTED_KEYS'],
    broken: (draft) =>
      inProduction(draft) && (draft.values.REDIS_ENCRYPTION_ACCEPTED_KEYS ?? []).some(isGuessable),
    message: GUESSABLE,
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
  {
    on: ['SECURITY_ALERT_WEBHOOK'],
    // Signed is not secret: what is told in clear tells everybody on the way what is wrong here.
    broken: ({ values, environment }) =>
      values.SECURITY_ALERT_WEBHOOK?.reveal().toLowerCase().startsWith('http:') === true &&
      !(IN_DEVELOPMENT.has(environment) && values.SECURITY_ALERT_WEBHOOK_ALLOW_PRIVATE),
    message:
      'expected https://. Write an https:// address; http:// is for a private network with NODE_ENV development or test, with SECURITY_ALERT_WEBHOOK_ALLOW_PRIVATE=true.',
  },
  {
    on: ['CACHE_MAX_VALUE_BYTES'],
    broken: ({ purpose, values }) =>
      purpose === 'generator' && values.CACHE_MAX_VALUE_BYTES > GENERATED_MAX_VALUE_BYTES,
    message: 'the generated configuration allows 4 MiB at most. Write 4mb or less.',
  },
]

function namesUser(draft: Draft): boolean {
  const { REDIS_URL: url, REDIS_CACHE_USERNAME: own } = draft.values
  // The default name written out says nothing new: .env files list it beside a password of the default user.
  const written = isGiven(draft, 'REDIS_CACHE_USERNAME') && own !== 'cache_service' && own !== 'default'
  return written || url?.username !== undefined
}

function guessable(key: Secret | undefined): boolean {
  return key !== undefined && isGuessable(key)
}

function differ(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other
}
