import { ERROR_CODES } from '../../error-codes.js'
import type { CacheErrorCode } from '../../error-codes.js'

/** Cause and remedy as docs/errors.md has them. */
export function meaningOf(code: CacheErrorCode | undefined): string {
  const row = code === undefined ? undefined : ERROR_CODES[code]
  return row === undefined ? 'start Redis' : `${row.cause}: ${row.remedy}`
}
