import type { CacheError } from '../errors.js'
import { RedisError } from '../errors.js'
import type { SecurityEvents } from '../events.js'

const DENIED_INTERVAL_MS = 10_000

export interface ConnectionEventsOptions {
  readonly events: SecurityEvents
  /** The user that logs in; absent where no login is sent. */
  readonly userName: string | undefined
  /** False for secondary connections: an outage is told once, by the main one. */
  readonly reportsOutages: boolean
  readonly now: () => number
}

/** Tells in events what happens to one connection: an outage once, denials counted. */
export class ConnectionEvents {
  readonly #options: ConnectionEventsOptions
  #failures = 0
  #outageSince: number | undefined
  #deniedUntil = 0
  #deniedCount = 0

  constructor(options: ConnectionEventsOptions) {
    this.#options = options
  }

  connected(): void {
    const { events, userName, now } = this.#options
    if (userName !== undefined) events.emit('auth.success', { userName })
    if (this.#failures > 0) events.emit('auth.recovered', { userName, failures: this.#failures })
    this.#failures = 0
    if (this.#outageSince === undefined) return
    events.emit('redis.recovered', { outageMs: Math.round(now() - this.#outageSince) })
    this.#outageSince = undefined
  }

  /** An attempt failed, or the connection was lost. */
  failed(error: CacheError): void {
    const { events, userName, reportsOutages, now } = this.#options
    const { code, message } = error
    if (code === 'ERR_REDIS_WRONGPASS' || code === 'ERR_REDIS_NOAUTH') {
      this.#failures += 1
      events.emit('auth.failure', { errorCode: code, userName, source: 'own' })
    } else if (code.startsWith('ERR_TLS_')) {
      events.emit('tls.failure', { errorCode: code, message })
    }
    if (!reportsOutages || this.#outageSince !== undefined) return
    this.#outageSince = now()
    events.emit('redis.unavailable', { errorCode: code, message })
  }

  /** A command failed. A storm of denials becomes one event each ten seconds, with the count since the last. */
  rejected(error: CacheError): void {
    if (error.code !== 'ERR_REDIS_NOPERM') return
    const { events, userName, now } = this.#options
    this.#deniedCount += 1
    if (now() < this.#deniedUntil) return
    events.emit('acl.denied', {
      reason: / lacks \+/.test(error.message) ? 'command' : 'key',
      userName,
      object: error instanceof RedisError ? error.operation.toLowerCase() : undefined,
      count: this.#deniedCount,
      source: 'own',
    })
    this.#deniedCount = 0
    this.#deniedUntil = now() + DENIED_INTERVAL_MS
  }
}
