import { extraRoles } from './extra-roles.js'
import { password } from './secret-texts.js'
import { keyPrefix } from './texts.js'
import { GENERATE_PASSWORD, variable } from './variable.js'

function rolePassword(user: string, purpose: string) {
  return variable({
    group: 'server',
    validator: password,
    default: undefined,
    meaning: `Password of the user ${user}, for ${purpose}.`,
    example: '<generated>',
    remedy: GENERATE_PASSWORD,
    secret: true,
    strong: true,
  })
}

function rolePrefix(user: string) {
  return variable({
    group: 'server',
    validator: keyPrefix,
    default: undefined,
    defaultText: `REDIS_KEY_PREFIX with _${user} before its colon`,
    meaning: `Begins every key of the user ${user}; outside of REDIS_KEY_PREFIX and of every other prefix.`,
    example: `shop_${user}:`,
    remedy: `Write a short name and a colon, such as shop_${user}:.`,
  })
}

/** Users beside the cache, where they are asked for. */
export const EXTRA = {
  REDIS_EXTRA_ROLES: variable({
    group: 'server',
    validator: extraRoles,
    default: undefined,
    defaultText: 'none',
    meaning:
      'Users for other uses of the same server, each with rights, password and key prefix of its own: sessions (connect-redis), rate_limit (rate-limit-redis, rate-limiter-flexible), queue (BullMQ).',
    example: 'sessions,rate_limit',
    remedy: 'Write sessions, rate_limit or queue, several separated by commas.',
  }),
  REDIS_SESSIONS_PASSWORD: rolePassword('sessions', 'a session store'),
  REDIS_SESSIONS_PREFIX: rolePrefix('sessions'),
  REDIS_RATE_LIMIT_PASSWORD: rolePassword('rate_limit', 'a rate limiter'),
  REDIS_RATE_LIMIT_PREFIX: rolePrefix('rate_limit'),
  REDIS_QUEUE_PASSWORD: rolePassword('queue', 'a job queue'),
  REDIS_QUEUE_PREFIX: rolePrefix('queue'),
} as const
