import { isCacheError, type CacheErrorCode } from '../../lib/errors.js'
import { rejection } from './rejection.js'

/** The code and the text of the error of ours that a promise rejects with; fails for any other error. */
export async function refused(
  promise: Promise<unknown>,
): Promise<{ readonly code: CacheErrorCode; readonly message: string }> {
  const error = await rejection(promise)
  if (!isCacheError(error)) throw error
  return { code: error.code, message: error.message }
}
