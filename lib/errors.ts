import type { CacheErrorCode } from './error-codes.js'

/**
 * Every error of the library and its stable code. Foreign errors (ioredis, TLS, the file system) carry
 * arguments: passwords, values, keys. They are never passed on, not even as `cause`; each is turned into
 * one of these, with a message of ours that names the remedy.
 */

export type { CacheErrorCode }

/** Root of the tree: `code` is stable, `message` names the remedy and never a secret. */
export class CacheError extends Error {
  readonly code: CacheErrorCode

  constructor(code: CacheErrorCode, message: string) {
    super(message)
    this.name = new.target.name
    this.code = code
  }
}

/** One setting that cannot be used. `message` never contains the value. */
export interface ConfigProblem {
  /** Environment variable or option, such as `REDIS_PASSWORD` or `options.ttl`. */
  readonly name: string
  readonly message: string
}

/** Settings that do not start: all problems at once. */
export class ConfigError extends CacheError {
  readonly problems: readonly ConfigProblem[]

  constructor(
    code: Extract<CacheErrorCode, `ERR_CONFIG_${string}`>,
    message: string,
    problems: readonly ConfigProblem[] = [],
  ) {
    super(code, message)
    this.problems = Object.freeze([...problems])
  }
}

/** Why sealed bytes do not open: one list for error, event and metric. Never part of an HTTP answer. */
export const OPEN_FAILURES = ['format', 'unknown_key', 'tag', 'expired', 'too_large', 'decode'] as const
export type OpenFailure = (typeof OPEN_FAILURES)[number]

/** A value that cannot be opened. The message is the same for every reason. */
export class OpenError extends CacheError {
  readonly reason: OpenFailure

  constructor(reason: OpenFailure) {
    super('ERR_CACHE_OPEN', 'the value could not be opened: it is treated as absent (docs/errors.md)')
    this.reason = reason
  }
}

/** Anything on the way to Redis and back, scrubbed: the code says what, the message what to do. */
export class RedisError extends CacheError {
  /** The command that was under way, such as `GET`; `CONNECT` for the connection itself. */
  readonly operation: string

  constructor(code: CacheErrorCode, message: string, operation: string) {
    super(code, message)
    this.operation = operation
  }
}

/** True for every error of this library, also across copies of the package. */
export function isCacheError(error: unknown): error is CacheError {
  return (
    error instanceof CacheError ||
    (error instanceof Error &&
      'code' in error &&
      /^ERR_(?:BACKUP|CACHE|CONFIG|KEY|MIGRATION|REDIS|TLS)_/.test(String(error.code)))
  )
}
