import { flag } from './numbers.js'
import { variable } from './variable.js'

/** A row for a way round the protection: off unless asked for by its name. */
function unsafe(meaning: string, insecure: string) {
  return variable({
    group: 'unsafe',
    validator: flag,
    default: false,
    meaning,
    example: 'true',
    remedy: 'Write true or false, or remove it.',
    insecure,
  })
}

/** The only ways round the protection: each carries its name, and each in use is a critical warning. */
export const UNSAFE = {
  REDIS_UNSAFE_NO_PASSWORD: unsafe(
    'Connect without a password.',
    'Redis is used without a password: whoever reaches the server reads, changes and deletes everything',
  ),
  REDIS_UNSAFE_NO_TLS: unsafe(
    'Connect without TLS.',
    'the connection to Redis is plaintext: whoever sees the network sees the password and every command',
  ),
  REDIS_UNSAFE_NO_CERTIFICATE_CHECK: unsafe(
    "Do not check the server's certificate.",
    "the certificate of Redis is not checked: whoever answers in the server's place gets the password",
  ),
  CACHE_UNSAFE_NO_ENCRYPTION: unsafe(
    'Keep values as plaintext.',
    'values rest as plaintext: whoever reads Redis, its memory or its backups reads them, and forged ones are believed',
  ),
  CACHE_UNSAFE_MEMORY: unsafe(
    'Allow the memory backend where NODE_ENV is production.',
    'the memory backend is allowed in production: values are not shared between instances and end with the process',
  ),
} as const
