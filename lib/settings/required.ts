import { inProduction, isGiven, loginOf, onRedis, keysOf, usesTls } from './draft.js'
import type { Draft, Requirement } from './draft.js'
import { isDerived } from './keys.js'

/** Password, TLS and key are required unless REDIS_DEV_MODE is true, whatever NODE_ENV says. */
const strict = (draft: Draft) => onRedis(draft) && !draft.values.REDIS_DEV_MODE

/** Development mode is a remedy only where it is allowed. */
const orDevMode = (message: string) => (draft: Draft) =>
  inProduction(draft) ? message : `${message} For development on one machine set REDIS_DEV_MODE=true.`

const lacksPassword = (draft: Draft) =>
  strict(draft) &&
  !draft.values.REDIS_UNSAFE_NO_PASSWORD &&
  loginOf(draft).authentication === 'none' &&
  !isGiven(draft, 'REDIS_CACHE_PASSWORD', 'REDIS_PASSWORD')

export const REQUIRED: readonly Requirement[] = [
  {
    on: ['REDIS_CACHE_PASSWORD'],
    broken: (draft) => lacksPassword(draft) && !isGiven(draft, 'REDIS_URL'),
    message: orDevMode(
      'required. Set it to the password of the ACL user REDIS_CACHE_USERNAME, or set REDIS_PASSWORD for a server without ACL users.',
    ),
  },
  {
    on: ['REDIS_URL'],
    broken: (draft) => lacksPassword(draft) && draft.values.REDIS_URL !== undefined,
    message: orDevMode(
      'holds no password, and one is required. Set REDIS_CACHE_PASSWORD (ACL user) or REDIS_PASSWORD (default user).',
    ),
  },
  {
    on: ['REDIS_ENCRYPTION_KEY'],
    broken: (draft) =>
      strict(draft) && !draft.values.CACHE_UNSAFE_NO_ENCRYPTION && !isGiven(draft, 'REDIS_ENCRYPTION_KEY'),
    message: orDevMode(
      'required: values rest encrypted. Generate one: openssl rand -hex 32; every instance of the application needs the same.',
    ),
  },
  {
    on: ['REDIS_ENCRYPTION_KEY'],
    broken: (draft) =>
      draft.purpose === 'sealer' && !draft.values.REDIS_DEV_MODE && !isGiven(draft, 'REDIS_ENCRYPTION_KEY'),
    message: orDevMode(
      'required: what is sealed today must open tomorrow. Generate one: openssl rand -hex 32; every instance of the application needs the same.',
    ),
  },
  {
    on: ['REDIS_TLS_ENABLED'],
    broken: (draft) =>
      strict(draft) && !isGiven(draft, 'REDIS_URL') && !usesTls(draft) && !draft.values.REDIS_UNSAFE_NO_TLS,
    message: orDevMode('TLS is required. Write true, or remove it.'),
  },
  {
    on: ['REDIS_URL'],
    broken: (draft) =>
      strict(draft) && draft.values.REDIS_URL?.tls === false && !draft.values.REDIS_UNSAFE_NO_TLS,
    message: orDevMode('redis:// is plaintext, and TLS is required. Write rediss://.'),
  },
  {
    on: ['REDIS_DEV_MODE'],
    broken: (draft) => inProduction(draft) && draft.values.REDIS_DEV_MODE,
    message: 'refused where NODE_ENV is production. Remove it, and set what is then asked for.',
  },
  {
    on: ['CACHE_BACKEND'],
    broken: (draft) =>
      draft.purpose === 'application' &&
      inProduction(draft) &&
      !onRedis(draft) &&
      !draft.values.CACHE_UNSAFE_MEMORY,
    message:
      'the memory backend is refused where NODE_ENV is production. Set REDIS_HOST or REDIS_URL, and CACHE_BACKEND to redis or nothing; only CACHE_UNSAFE_MEMORY=true allows it.',
  },
  {
    on: ['REDIS_ENCRYPTION_PASSPHRASE'],
    broken: (draft) => keysOf(draft).some(isDerived) && !isGiven(draft, 'REDIS_ENCRYPTION_PASSPHRASE'),
    message:
      'required: a key of the form pbkdf2-sha256:… is derived from it. Set the passphrase that belongs to the key.',
  },
  {
    on: ['REDIS_SENTINEL_NAME'],
    broken: (draft) => isGiven(draft, 'REDIS_SENTINELS') && !isGiven(draft, 'REDIS_SENTINEL_NAME'),
    message:
      'required with REDIS_SENTINELS. Write the name from the line "sentinel monitor" of sentinel.conf.',
  },
  {
    on: ['CACHE_KEY_NAMES_SECRET'],
    broken: (draft) => draft.values.CACHE_KEY_NAMES === 'hmac' && !isGiven(draft, 'CACHE_KEY_NAMES_SECRET'),
    message: 'required with CACHE_KEY_NAMES=hmac. Generate one: openssl rand -hex 32.',
  },
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
]
