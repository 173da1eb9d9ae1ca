import type { CacheSettings } from '../settings/settings.js'

/**
 * What began the keys of an earlier application, for as long as they are read: afterwards nobody needs a right to
 * them.
 *
 * `nowMs`: milliseconds since 1970.
 */
export function openPrefixes(
  { legacyPrefixes, readModeUntil }: Pick<CacheSettings, 'legacyPrefixes' | 'readModeUntil'>,
  nowMs: number,
): readonly string[] {
  return readModeUntil !== undefined && nowMs < readModeUntil.getTime() ? legacyPrefixes : []
}
