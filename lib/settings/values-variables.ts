import { encryptionKey, encryptionKeys } from './keys.js'
import { bytes, integer, timeToLive } from './numbers.js'
import { longToken, password } from './secret-texts.js'
import { legacyPrefixes, utcDate } from './texts.js'
import { choice } from './validator.js'
import { GENERATE_PASSWORD, GENERATE_KEY, variable } from './variable.js'

const MIB = 1_048_576

/** How values are kept: sealing, time to live, limits, older data, key names. */
export const VALUES = {
  REDIS_ENCRYPTION_KEY: variable({
    group: 'encryption',
    validator: encryptionKey,
    default: undefined,
    meaning:
      'Seals values: 64 hex digits, or base64 of 32 bytes, or pbkdf2-sha256:i=600000:salt=… with REDIS_ENCRYPTION_PASSPHRASE. Development mode makes its own where it is absent.',
    example: '<generated>',
    remedy: GENERATE_KEY,
    needed: true,
    secret: true,
  }),
  REDIS_ENCRYPTION_ACCEPTED_KEYS: variable({
    group: 'encryption',
    validator: encryptionKeys,
    default: undefined,
    meaning:
      'More keys that open values, separated by commas: the next and the previous one during a rotation.',
    example: '<generated>',
    remedy: 'List keys in the forms of REDIS_ENCRYPTION_KEY, separated by commas.',
    secret: true,
    synonym: 'REDIS_ENCRYPTION_PREVIOUS_KEYS',
  }),
  REDIS_ENCRYPTION_PASSPHRASE: variable({
    group: 'encryption',
    validator: password,
    default: undefined,
    meaning: 'Passphrase from which keys of the form pbkdf2-sha256:… are derived.',
    example: '<generated>',
    remedy: GENERATE_PASSWORD,
    secret: true,
    strong: true,
  }),
  CACHE_TTL: variable({
    group: 'cache',
    validator: timeToLive,
    default: { seconds: 3600 },
    defaultText: '3600',
    meaning: 'How long a value lives where the call does not say: seconds, or 90s, 15m, 2h, 7d, or none.',
    example: '3600',
    remedy: 'Write seconds such as 3600, or a text such as 15m.',
  }),
  CACHE_TIMEOUT_MS: variable({
    group: 'cache',
    validator: integer({ from: 1, to: 60_000 }),
    default: 250,
    meaning: 'Milliseconds that one operation may take, waiting for the connection included.',
    example: '250',
    remedy: 'Write milliseconds alone, such as 250.',
  }),
  CACHE_CONNECT_TIMEOUT_MS: variable({
    group: 'cache',
    validator: integer({ from: 1, to: 120_000 }),
    default: 2000,
    meaning: 'Milliseconds for connecting, TLS and login.',
    example: '2000',
    remedy: 'Write milliseconds alone, such as 2000.',
  }),
  CACHE_MAX_VALUE_BYTES: variable({
    group: 'cache',
    validator: bytes({ from: 128, to: 512 * MIB }),
    default: MIB,
    defaultText: '1 MiB',
    meaning: 'Largest sealed value. The generated configuration allows 4 MiB at most.',
    example: '1mb',
    remedy: 'Write bytes such as 1048576, or 1mb.',
  }),
  CACHE_MEMORY_MAX_BYTES: variable({
    group: 'cache',
    validator: bytes({ from: 1024, to: 2 ** 40 }),
    default: 64 * MIB,
    defaultText: '64 MiB',
    meaning: 'Bound of the memory backend.',
    example: '64mb',
    remedy: 'Write bytes such as 67108864, or 64mb.',
  }),
  CACHE_READ_MODE: variable({
    group: 'migration',
    validator: choice('strict', 'fernet', 'plaintext'),
    default: 'strict',
    meaning:
      'strict: only sealed values are read; fernet: Fernet tokens under the listed keys as well; plaintext: JSON that is not sealed as well. The last two need CACHE_READ_MODE_UNTIL.',
    example: 'strict',
    remedy: 'Write strict, fernet or plaintext.',
  }),
  CACHE_READ_MODE_UNTIL: variable({
    group: 'migration',
    validator: utcDate,
    default: undefined,
    meaning: 'First moment (UTC) at which reading is strict again, at most 180 days ahead.',
    example: '2030-01-31',
    remedy: 'Write a UTC date such as 2030-01-31.',
  }),
  CACHE_LEGACY_PREFIXES: variable({
    group: 'migration',
    validator: legacyPrefixes,
    default: undefined,
    defaultText: 'none',
    meaning:
      'What began the keys of an earlier application, separated by commas: what lies there unsealed is read as keys of the root namespace, in the mode of CACHE_READ_MODE and until its date.',
    example: 'ai_cache:,enc:',
    remedy: 'Write what began the keys, such as enc:, several separated by commas.',
  }),
  CACHE_KEY_NAMES: variable({
    group: 'migration',
    validator: choice('plain', 'hmac'),
    default: 'plain',
    meaning: 'plain: key names are readable on the server; hmac: they are hidden (not available yet).',
    example: 'plain',
    remedy: 'Write plain.',
  }),
  CACHE_KEY_NAMES_SECRET: variable({
    group: 'migration',
    validator: longToken,
    default: undefined,
    meaning: 'Secret with which key names are hidden (not available yet), at least 32 characters.',
    example: '<generated>',
    remedy: GENERATE_KEY,
    secret: true,
  }),
} as const
