import { CacheError, isCacheError } from '../errors.js'

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'it is on a read-only file system',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of its path is no folder',
  EEXIST: 'a part of its path is no folder',
  ENOENT: 'it is not there, and cannot be made',
}

/** An error of ours for one of the file system; one of ours already stays what it is. */
export function cannotUse(what: string, error: unknown): CacheError {
  if (isCacheError(error)) return error
  const reason = fileReason(error) ?? `the file system says ${codeOf(error)}`
  return new CacheError('ERR_MIGRATION_JOURNAL', `${what} cannot be used: ${reason}`)
}

/** Why a file or folder could not be used, in words; `undefined` for errors of another kind. */
export function fileReason(error: unknown): string | undefined {
  const code = codeOf(error)
  return Object.hasOwn(REASONS, code) ? REASONS[code] : undefined
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
