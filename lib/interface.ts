import type { SecurityEvent, EventType, EventListener, Severity } from './events.js'

/** Seconds above 0, fractions allowed; or `'90s'`, `'15m'`, `'2h'`, `'7d'`; `null` for no expiry. */
export type Ttl = number | `${number}${'s' | 'm' | 'h' | 'd'}` | null

export interface WriteOptions {
  /** How long Redis keeps the value; the default is `CACHE_TTL`. */
  readonly ttl?: Ttl | undefined
  /** How long the sealed value may be opened at most, `touch` included; the default is `ttl`. */
  readonly lifetime?: Ttl | undefined
}

/** Given to the loader of `getOrSet`. */
export interface LoadContext {
  readonly key: string
  /** Aborted when the cache closes. */
  readonly signal: AbortSignal
  /** Overrides the time to live, for answers that say how long they are good. */
  setTtl(ttl: Ttl): void
  /** Hands the answer on without keeping it. */
  doNotStore(): void
}

/** What a value becomes by a JSON round trip: a Date is a string, a method is gone. */
export type Jsonified<T> = T extends Uint8Array
  ? T
  : T extends { toJSON(): infer J }
    ? Jsonified<J>
    : T extends string | number | boolean | null | undefined
      ? T
      : T extends (...args: never) => unknown
        ? never
        : T extends readonly (infer E)[]
          ? Jsonified<E>[]
          : T extends object
            ? { [K in keyof T as T[K] extends (...args: never) => unknown ? never : K]: Jsonified<T[K]> }
            : unknown

/** A cache whose values rest sealed. Failures of Redis degrade: a read is a miss, a write is `false`. */
export interface Cache {
  /** Absent is `undefined`; `null` is a value. */
  get<T = unknown>(key: string): Promise<T | undefined>
  set(key: string, value: unknown, options?: WriteOptions): Promise<boolean>
  getOrSet<T>(
    key: string,
    load: (context: LoadContext) => T | Promise<T>,
    options?: WriteOptions,
  ): Promise<Jsonified<T>>
  /** Opens the value: true means that `get` would return it. */
  has(key: string): Promise<boolean>
  delete(key: string): Promise<boolean>
  /** Seconds left, `null` for no expiry, `undefined` where absent. */
  ttl(key: string): Promise<number | null | undefined>
  /** Slides the time to live within the sealed lifetime, never beyond it. */
  touch(key: string, ttl: Ttl): Promise<boolean>
  getMany<T = unknown>(keys: Iterable<string>): Promise<Map<string, T>>
  setMany(entries: Iterable<readonly [string, unknown]>, options?: WriteOptions): Promise<boolean>
  deleteMany(keys: Iterable<string>): Promise<number>
  namespace(name: string): Cache
  /** Empties this namespace alone. On Redis it needs `REDIS_MAINTENANCE_PASSWORD`. */
  clear(): Promise<boolean>
}

/** What happened, counted. */
export interface MonitorSummary {
  readonly authentication: {
    readonly total_attempts: number
    readonly success_rate_percent: number
    readonly recent_failures: number
  }
  readonly encryption: { readonly total_operations: number; readonly error_count: number }
  readonly connections: { readonly active_count: number }
}

export interface EventFilter {
  readonly type?: EventType | undefined
  readonly severity?: Severity | undefined
  readonly since?: Date | string | undefined
  readonly limit?: number | undefined
}

/** Answers what happened, from events alone. */
export interface SecurityMonitor {
  recentEvents(filter?: EventFilter): readonly SecurityEvent[]
  /** Failed logins of our own within the last `hours`. */
  failureCount(hours: number): number
  summary(): MonitorSummary
  on<T extends EventType>(type: T, listener: EventListener<T>): () => void
}

export interface ReadyOptions {
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** The root cache, with its life cycle and its monitor. */
export interface SecureCache extends Cache, AsyncDisposable {
  readonly monitor: SecurityMonitor
  /** Rejects at once for login, permission and certificate; keeps trying until its timeout for the rest. */
  ready(options?: ReadyOptions): Promise<void>
  close(options?: { readonly timeoutMs?: number | undefined }): Promise<void>
}

/** Where log lines go; winston, pino and console fit. Fields hold no secret. */
export interface Logger {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

export interface TlsOptions {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly servername?: string | undefined
}

/** Options in code win over the environment; an explicit `undefined` counts as absent. */
export interface SecureCacheOptions {
  /** Where settings come from: `process.env` where absent, `false` for nowhere. */
  readonly env?: Readonly<Record<string, string | undefined>> | false | undefined
  readonly backend?: 'auto' | 'redis' | 'memory' | undefined
  readonly redis?:
    | {
        readonly url?: string | undefined
        readonly host?: string | undefined
        readonly port?: number | undefined
        readonly username?: string | undefined
        readonly password?: string | undefined
        readonly tls?: boolean | TlsOptions | undefined
      }
    | undefined
  readonly encryption?:
    | {
        readonly key?: string | undefined
        readonly acceptedKeys?: readonly string[] | undefined
        readonly passphrase?: string | undefined
      }
    | undefined
  readonly keyPrefix?: string | undefined
  /** Default time to live of a value. */
  readonly ttl?: Ttl | undefined
  readonly timeoutMs?: number | undefined
  readonly maxValueBytes?: number | undefined
  readonly onFailure?: 'degrade' | 'throw' | undefined
  /** `false` silences the log. */
  readonly logger?: Logger | false | undefined
}
