import { ConfigError } from '../errors.js'
import { knows, type ServerVersion } from '../redis/versions.js'

/** What a role may do with keys of an earlier application (CACHE_LEGACY_PREFIXES). */
export type EarlierKeys = 'read' | 'all'

export interface EarlierContext {
  readonly keyPrefix: string
  readonly earlierPrefixes?: readonly string[] | undefined
  readonly version: ServerVersion
}

/**
 * The key prefix as an ACL pattern: glob characters escaped (ACL-013), `*` added.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID for a prefix that does not end in `:` or has characters that
 *   users.acl cannot hold
 */
export function keyPattern(keyPrefix: string): string {
  // The same that the setting accepts (lib/settings/texts.ts): what starts must also be generated.
  if (!/^[^\s()\p{Cc}\p{Cf}\p{Cs}]+:$/u.test(keyPrefix)) {
    // An unbalanced parenthesis crashes the server (ACL-017), white space ends the rule.
    throw refused(
      'REDIS_KEY_PREFIX',
      'must end in ":" and hold no white space, control character or parenthesis, such as "ai_cache:"',
    )
  }
  return `${keyPrefix.replaceAll(/[*?[\]\\]/g, String.raw`\$&`)}*`
}

/**
 * Rules for the keys of an earlier application. Those within the key prefix are open already.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID where the version cannot let a user read alone
 */
export function earlierRules(
  earlierKeys: EarlierKeys | undefined,
  { keyPrefix, earlierPrefixes = [], version }: EarlierContext,
): readonly string[] {
  const outside = earlierPrefixes.filter((prefix) => !prefix.startsWith(keyPrefix))
  if (earlierKeys === undefined || outside.length === 0) return []
  if (earlierKeys === 'read' && !knows(version, 'key permissions')) {
    throw refused(
      'CACHE_LEGACY_PREFIXES',
      'needs Redis 7.0 or Valkey: an earlier server cannot let a user read keys without writing them. Upgrade the server and set REDIS_VERSION, or do without it',
    )
  }
  return outside.map((prefix) => `${earlierKeys === 'read' ? '%R~' : '~'}${earlierPattern(prefix)}`)
}

/** The same that the setting accepts (lib/settings/texts.ts): nothing in it needs an escape. */
function earlierPattern(prefix: string): string {
  if (/^[A-Za-z0-9_.:/|#@+=~{}-]*[.:/|#@+=~{}-]$/.test(prefix)) return `${prefix}*`
  throw refused(
    'CACHE_LEGACY_PREFIXES',
    'a prefix has letters, digits and delimiters, one of these at its end',
  )
}

/** A part of an access list that cannot be written. */
export function refused(name: string, message: string): ConfigError {
  return new ConfigError('ERR_CONFIG_INVALID', `${name}: ${message}`, [{ name, message }])
}
