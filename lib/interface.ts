import type { SecurityEvent, EventType, EventListener, Severity } from './events.js'

/** Seconds above 0, fractions allowed; or `'90s'`, `'15m'`, `'2h'`, `'7d'`; `null` for no expiry. */
export type Ttl = number | `${number}${'s' | 'm' | 'h' | 'd'}` | null

export interface WriteOptions {
  /** How long Redis keeps the value; the default is `CACHE_TTL`. */
  readonly ttl?: Ttl | undefined
  /** How long the sealed value may be opened at most, `touch` included; the default is `ttl`. It bounds `ttl`. */
  readonly lifetime?: Ttl | undefined
}

/** Given to the loader of `getOrSet`. */
export interface LoadContext {
  readonly key: string
  /** Aborted when the cache closes. */
  readonly signal: AbortSignal
  /** Overrides the time to live, for answers that say how long they are good. */
  readonly setTtl: (ttl: Ttl) => void
  /** Hands the answer on without keeping it. */
  readonly doNotStore: () => void
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

/** What no cache can give back: JSON has no form for it. `void` and promises are what a forgotten `await` yields. */
type NotCacheable =
  | undefined
  | void
  | bigint
  | symbol
  | ((...args: never) => unknown)
  | (abstract new (...args: never) => unknown)
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | WeakMap<never, unknown>
  | WeakSet<never>
  | PromiseLike<unknown>
  | ArrayBuffer
  | SharedArrayBuffer

/**
 * `'refused'` where T, or a part of it within four levels, is surely not cacheable. The tuple in the first
 * line is needed: it lets `any`, `unknown` and the unresolved T of somebody's generic function pass, which are
 * checked when they arrive.
 */
type Verdict<T, Depth extends readonly unknown[] = []> = [unknown] extends [T]
  ? 'open'
  : T extends Uint8Array
    ? 'fine'
    : T extends NotCacheable
      ? 'refused'
      : T extends string | number | boolean | null | { toJSON(): unknown }
        ? 'fine'
        : Depth['length'] extends 4
          ? 'open'
          : T extends readonly (infer E)[]
            ? Verdict<E, [...Depth, 0]>
            : T extends object
              ? { [K in keyof T]-?: PropertyVerdict<T[K], Depth> }[keyof T]
              : 'fine'

/** A property may be undefined, and a class has methods: JSON leaves both out. */
type PropertyVerdict<T, Depth extends readonly unknown[]> = T extends
  undefined | ((...args: never) => unknown)
  ? 'fine'
  : Verdict<T, [...Depth, 0]>

/** The text is what a compiler shows for a value that cannot be cached. */
type Refusal = 'a cached value is JSON or a Uint8Array: no undefined, function, bigint, Map, Set or promise'

/** T itself, or {@link Refusal} where T cannot be cached. Interface types and generic ones are welcome. */
export type Cacheable<T> = ['refused'] extends [Verdict<T>] ? Refusal : T

/** Nothing more, or {@link Refusal} where T cannot be cached: for parameters that only contain a T. */
export type Holding<T> = ['refused'] extends [Verdict<T>] ? Refusal : unknown

/** A cache whose values rest sealed. Failures of Redis degrade: a read is a miss, a write is `false`. */
export interface Cache {
  /** Absent is `undefined`; `null` is a value. */
  get<T = unknown>(key: string): Promise<T | undefined>
  /** True once the value rests in the store. */
  set<T>(key: string, value: Cacheable<T>, options?: WriteOptions): Promise<boolean>
  /**
   * The cached value, or what `load` yields: one load for all who ask at the same time, each of whom gets an
   * object of its own, always as a JSON round trip leaves it. Does not wait until the value rests in the store.
   * What `load` throws reaches all who wait and is not kept. Nobody joins a load that has gone on for half a
   * minute. `load` must not ask for its own key: it would wait for itself.
   */
  getOrSet<T>(
    key: string,
    load: ((context: LoadContext) => T | Promise<T>) & Holding<T>,
    options?: WriteOptions,
  ): Promise<Jsonified<T>>
  /** Opens the value: true means that `get` would return it. */
  has(key: string): Promise<boolean>
  delete(key: string): Promise<boolean>
  /** Seconds left, `null` for no expiry, `undefined` where absent. */
  ttl(key: string): Promise<number | null | undefined>
  /** Slides the time to live within the sealed lifetime, never beyond it; `null`: as far as it goes. */
  touch(key: string, ttl: Ttl): Promise<boolean>
  getMany<T = unknown>(keys: Iterable<string>): Promise<Map<string, T>>
  /** All or none is checked before anything is written; false where the store did not take all of them. */
  setMany<E extends readonly [string, unknown]>(
    entries: Iterable<E> & Holding<E[1]>,
    options?: WriteOptions,
  ): Promise<boolean>
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

export interface CloseOptions {
  /** The end comes within it, whatever the server does. */
  readonly timeoutMs?: number | undefined
}

/** Whether the cache works, from what is known already. */
export interface CacheHealth {
  /** `pass`; `warn` while operations degrade; `fail` while they throw (`onFailure: 'throw'`). */
  readonly status: 'pass' | 'warn' | 'fail'
  /** Why it does not pass, where that is known: a code of docs/errors.md. */
  readonly errorCode?: string | undefined
}

/** The root cache, with its life cycle and its monitor. */
export interface SecureCache extends Cache, AsyncDisposable {
  readonly monitor: SecurityMonitor
  /** For a health check of the application's own. No I/O: as cheap as it looks. */
  health(): CacheHealth
  /** Rejects at once for login, permission and certificate; keeps trying until its timeout for the rest. */
  ready(options?: ReadyOptions): Promise<void>
  close(options?: CloseOptions): Promise<void>
}

export interface SealerOptions {
  /**
   * Where the sealed value belongs, such as `invoice:4711`: it opens there alone. The rules of a cache key hold.
   * It is not stored: whoever opens must know it.
   */
  readonly context: string
  /** From then on it opens no more; without end where absent. */
  readonly lifetime?: Ttl | undefined
}

/** Seals what rests elsewhere than in the cache: files, queues, columns. Under the cache's keys, but never its values. */
export interface Sealer {
  seal<T>(value: Cacheable<T>, options: SealerOptions): Promise<Buffer>
  /** Always rejects with `ERR_CACHE_OPEN` for what does not open, whatever the reason. */
  open<T = unknown>(sealed: Uint8Array, options: Pick<SealerOptions, 'context'>): Promise<T>
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

/**
 * When keys, passwords and certificates are read anew. `SIGHUP`: when the process gets this signal. `change`: when a
 * file that a setting comes from (`NAME_FILE`) has changed.
 */
export type ReloadTrigger = 'SIGHUP' | 'change'

/** Options of a cache, which lives long enough for its secrets to change. */
export interface CacheOptions extends SecureCacheOptions {
  /**
   * Reads secrets anew while running, without dropping a request: encryption keys, passwords and certificates.
   * Everything else stays as it was at the start. Never where absent.
   */
  readonly reloadOn?: readonly ReloadTrigger[] | undefined
}
