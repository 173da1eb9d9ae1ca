import type { CacheErrorCode } from '../errors.js'

/** What is known about the connection beside the error; names and addresses, never a secret. */
export interface ErrorContext {
  /** `host:port`. */
  readonly endpoint?: string | undefined
  readonly userName?: string | undefined
  readonly tls?: boolean | undefined
  /** Whether a client certificate is configured. */
  readonly clientCertificate?: boolean | undefined
  /** The connection was not ready yet: login and TLS are still under way. */
  readonly connecting?: boolean | undefined
  readonly keyPrefix?: string | undefined
}

/** A foreign error while it is being looked at. Its text goes no further than the mapping. */
export interface Seen {
  readonly operation: string
  readonly context: ErrorContext
  /** First word of a Redis error reply, such as `NOPERM`. */
  readonly word: string
  /** `error.code` of Node or OpenSSL. */
  readonly code: string
  readonly text: string
}

/** What a foreign error becomes. The message says what happened and what to do. */
export interface Mapping {
  readonly code: CacheErrorCode
  readonly message: string | ((seen: Seen) => string)
}

/** The user as a message names it. */
export function userOf({ context }: Seen): string {
  return context.userName ?? 'the default user'
}

/** The address as a message names it. */
export function addressOf({ context }: Seen): string {
  return context.endpoint ?? 'its address'
}
