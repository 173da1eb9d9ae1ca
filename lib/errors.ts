/**
 * Every error of the library and its stable code. Foreign errors (ioredis, TLS, the file system) carry
 * arguments: passwords, values, keys. They are never passed on, not even as `cause`; each is turned into
 * one of these, with a message of ours that names the remedy.
 */

/** Stable codes; docs/errors.md lists cause and remedy for each. */
export type CacheErrorCode =
  // settings and misuse
  | 'ERR_CONFIG_INVALID'
  | 'ERR_CONFIG_OPTION'
  | 'ERR_CONFIG_FILES'
  | 'ERR_CACHE_MISUSE'
  // arguments
  | 'ERR_CACHE_KEY'
  | 'ERR_CACHE_VALUE'
  | 'ERR_CACHE_TTL'
  | 'ERR_CACHE_NAMESPACE'
  | 'ERR_CACHE_TOO_LARGE'
  // sealing
  | 'ERR_CACHE_OPEN'
  | 'ERR_CACHE_SEAL'
  | 'ERR_KEY_FORMAT'
  // life cycle and limits of our own
  | 'ERR_CACHE_TIMEOUT'
  | 'ERR_CACHE_CLOSED'
  | 'ERR_CACHE_OVERLOADED'
  | 'ERR_CACHE_UNAVAILABLE'
  // what Redis answered
  | 'ERR_REDIS_WRONGPASS'
  | 'ERR_REDIS_NOAUTH'
  | 'ERR_REDIS_NOPERM'
  | 'ERR_REDIS_READONLY'
  | 'ERR_REDIS_OOM'
  | 'ERR_REDIS_MISCONF'
  | 'ERR_REDIS_MASTERDOWN'
  | 'ERR_REDIS_BUSY'
  | 'ERR_REDIS_LOADING'
  | 'ERR_REDIS_MAX_CLIENTS'
  | 'ERR_REDIS_REPLY'
  | 'ERR_REDIS_PROTOCOL'
  // the way there
  | 'ERR_REDIS_REFUSED'
  | 'ERR_REDIS_HOST_NOT_FOUND'
  | 'ERR_REDIS_UNREACHABLE'
  | 'ERR_REDIS_RESET'
  // TLS
  | 'ERR_TLS_CERT_EXPIRED'
  | 'ERR_TLS_CERT_NOT_YET_VALID'
  | 'ERR_TLS_SERVER_NAME'
  | 'ERR_TLS_UNKNOWN_CA'
  | 'ERR_TLS_VERSION'
  | 'ERR_TLS_CLIENT_CERT'
  | 'ERR_TLS_PLAINTEXT_PORT'
  | 'ERR_TLS_OTHER'

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
    this.problems = problems
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
      /^ERR_(?:CACHE|CONFIG|KEY|REDIS|TLS)_/.test(String(error.code)))
  )
}
