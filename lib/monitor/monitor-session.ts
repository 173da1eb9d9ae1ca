import { openConnection } from '../redis/connection.js'
import type { RedisConnection } from '../redis/connection.js'
import type { OurSocket } from './client-list.js'
import { readServerInfo } from './server-info.js'
import type { ServerInfo } from './server-info.js'
import type { WatchedParts } from './watched-parts.js'

const TIMEOUT_MS = 2000

/**
 * The monitor's own small connection, as user monitor: never the cache's. It opens with the first question
 * and stays, so that looking is not logging in again and again.
 */
export class MonitorSession {
  readonly #parts: WatchedParts
  #connection: RedisConnection | undefined
  #closed = false

  constructor(parts: WatchedParts) {
    this.#parts = parts
  }

  /** Sends one command. Rejects with a CacheError within the deadline. */
  readonly ask = async (command: string, ...args: readonly string[]): Promise<unknown> => {
    const connection = this.#open()
    await connection.ready({ timeoutMs: TIMEOUT_MS })
    const reply = connection.client.call(command, ...args)
    // A server that takes the question and never answers: the deadline then drops the connection.
    connection.deadline.wake()
    return reply
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

  async close(): Promise<void> {
    this.#closed = true
    await this.#connection?.close()
  }

  #open(): RedisConnection {
    const { settings, events, now } = this.#parts
    this.#connection ??= openConnection({
      settings: settings.redis,
      user: settings.users.monitor,
      events,
      purpose: 'monitor',
      timeoutMs: TIMEOUT_MS,
      reportsOutages: false,
      now,
    })
    // A look that was under way while everything closed must not leave a connection behind.
    if (this.#closed) void this.#connection.close()
    return this.#connection
  }
}
