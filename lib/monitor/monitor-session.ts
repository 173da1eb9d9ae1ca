import { isCacheError } from '../errors.js'
import { closed } from '../redis/when-ready.js'
import { openConnection } from '../redis/connection.js'
import type { RedisConnection } from '../redis/connection.js'
import { atNode } from '../redis/server-address.js'
import type { OurSocket } from './client-list.js'
import { readServerInfo } from './server-info.js'
import type { ServerInfo } from './server-info.js'
import type { WatchedParts } from './watched-parts.js'

const TIMEOUT_MS = 2000
/** A right that is missing stays missing for a while: each try is one more denial on the server. */
const DENIED_MS = 10 * 60_000

type Credentials = Parameters<RedisConnection['renew']>[0]

interface Denial {
  readonly until: number
  readonly error: unknown
}

/**
 * The monitor's own small connection, as user monitor: never the cache's. It opens with the first question
 * and stays, so that looking is not logging in again and again.
 */
export class MonitorSession {
  readonly #parts: WatchedParts
  readonly #now: () => number
  /** By command and subcommand: few. */
  readonly #denials = new Map<string, Denial>()
  #connection: RedisConnection | undefined
  #closed = false
  #renewed: Credentials = {}

  constructor(parts: WatchedParts) {
    this.#parts = parts
    this.#now = parts.now ?? Date.now
  }

  /** Sends one command. Rejects with a CacheError within the deadline. */
  readonly ask = async (command: string, ...args: readonly string[]): Promise<unknown> => {
    const right = `${command} ${args[0] ?? ''}`
    const denial = this.#denials.get(right)
    if (denial !== undefined && this.#now() < denial.until) throw denial.error
    const connection = this.#open()
    await connection.ready({ timeoutMs: TIMEOUT_MS })
    try {
      const reply = connection.client.call(command, ...args)
      // A server that takes the question and never answers: the deadline then drops the connection.
      connection.deadline.wake()
      return await reply
    } catch (error) {
      if (isCacheError(error) && error.code === 'ERR_REDIS_NOPERM') {
        this.#denials.set(right, { until: this.#now() + DENIED_MS, error })
      }
      throw error
    }
  }

  readonly info = async (): Promise<ServerInfo> => readServerInfo(String(await this.ask('INFO')))

  get socket(): OurSocket {
    const { settings } = this.#parts
    const stream = this.#connection?.client.stream
    return {
      localAddress: stream?.localAddress,
      localPort: stream?.localPort,
      overTls: this.#connection?.facts().tls !== undefined,
      user: settings.users.monitor.username,
    }
  }

  /** Password or certificates have changed; see `RedisConnection.renew`. */
  renew(credentials: Credentials): void {
    this.#renewed = { ...this.#renewed, ...credentials }
    this.#connection?.renew(credentials)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#connection?.close()
  }

  #open(): RedisConnection {
    // A look that is under way while everything closes must not open anything.
    if (this.#closed) throw closed()
    const { settings, events } = this.#parts
    // In a Cluster one node is watched, its counters and its clients, until it is lost.
    const node = settings.redis.topology === 'cluster' ? this.#parts.connection?.address : undefined
    if (node !== undefined && this.#connection?.status === 'down') {
      void this.#connection.close()
      this.#connection = undefined
    }
    const { password = settings.users.monitor.password, tls = settings.redis.tls } = this.#renewed
    const redis = { ...settings.redis, tls }
    this.#connection ??= openConnection({
      settings: node === undefined ? redis : atNode(redis, node),
      user: { ...settings.users.monitor, password },
      events,
      purpose: 'monitor',
      timeoutMs: TIMEOUT_MS,
      reportsOutages: false,
      now: this.#now,
    })
    return this.#connection
  }
}
