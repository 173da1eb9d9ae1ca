import { KEYS_READY, whenReady } from './cache/key-readiness.js'
import type { RepeatedEvents } from './cache/repeated-events.js'
import { SealedCache, type CacheParts } from './cache.js'
import type { CacheHealth, CloseOptions, ReadyOptions, SecureCache, SecurityMonitor } from './interface.js'

/** Deriving a key takes as long as its iterations ask for, whatever Redis does. */
const READY_TIMEOUT_MS = 10_000

export interface LifeCycle {
  readonly monitor: SecurityMonitor
  /** Aborts what the loaders were given. */
  readonly abort: AbortController
  readonly repeated: RepeatedEvents
  /** Looks at the cache in the background, on connections of its own. */
  readonly watch: { health(): CacheHealth; close(): Promise<void> }
  /** Tells other instances that this one is there. */
  readonly heartbeat: { close(): Promise<void> } | undefined
  /** Takes over secrets that change. */
  readonly reload: { close(): void }
  /** Tells what is still to be told, within a bound. */
  readonly alerts: { close(options: CloseOptions): Promise<void> }
  /** Seals and opens large values. */
  readonly thread: { close(): Promise<void> }
  /** What listens to events stops, once the last of them is out. */
  readonly stopListening: () => void
}

/** The cache that an application holds: the root namespace, with the life cycle of everything behind it. */
export class RootCache extends SealedCache implements SecureCache {
  readonly monitor: SecurityMonitor
  readonly #parts: CacheParts
  readonly #life: LifeCycle
  #closing: Promise<void> | undefined

  constructor(parts: CacheParts, life: LifeCycle) {
    super(parts)
    this.#parts = parts
    this.#life = life
    this.monitor = life.monitor
  }

  health(): CacheHealth {
    return this.#life.watch.health()
  }

  async ready(options: ReadyOptions = {}): Promise<void> {
    const { store, keys } = this.#parts
    const timeoutMs = options.timeoutMs ?? READY_TIMEOUT_MS
    const derived = keys === KEYS_READY ? undefined : whenReady(keys, timeoutMs, async () => undefined)
    await Promise.all([store.ready({ ...options, timeoutMs }), derived])
  }

  /** The first call decides about the time; every call waits for the end. */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#end(options)
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #end(options: CloseOptions): Promise<void> {
    const { abort, repeated, watch, alerts, heartbeat, reload, thread, stopListening } = this.#life
    abort.abort()
    reload.close()
    // While there is a connection: the instances agree over it who tells.
    const started = performance.now()
    await Promise.all([alerts.close(options), thread.close()])
    // Goes out before the goodbye of the connection, and nobody waits for its reply.
    void heartbeat?.close()
    const { timeoutMs } = options
    const left =
      timeoutMs === undefined ? {} : { timeoutMs: Math.max(timeoutMs - (performance.now() - started), 1) }
    await Promise.all([this.#parts.store.close(left), watch.close()])
    repeated.close()
    stopListening()
  }
}
