import type { RedisConnection } from './connection.js'
import { LeanCommand } from './lean-command.js'
import type { Sendable } from './send-window.js'
import { SendWindow } from './send-window.js'
import { closed } from './when-ready.js'

/** Bytes on the way in each direction; docs/redis.md has what the server does to a client with more. */
const WINDOW_BYTES = 4 * 1024 * 1024
const WINDOW_COMMANDS = 1024

/** Reads wait for reads, writes for writes. */
export type Direction = 'read' | 'write'

/** The way to one server: what waits for its connection and what travels there, within bounds. */
export class Lane {
  readonly connection: RedisConnection
  readonly #windows: Readonly<Record<Direction, SendWindow>>

  constructor(connection: RedisConnection) {
    this.connection = connection
    const window = () =>
      new SendWindow({
        maxCost: WINDOW_BYTES,
        maxCommands: WINDOW_COMMANDS,
        send: (command, operations) => connection.send(command, operations),
      })
    this.#windows = { read: window(), write: window() }
    connection.onStatus((status) => (status === 'up' ? this.#open() : this.#shut()))
  }

  /** Sends it in its turn. Fails it at once where the server is known to be away. */
  offer(direction: Direction, item: Sendable): void {
    const { status, lastError } = this.connection
    if (status === 'down' || status === 'closed') item.failed(lastError ?? closed())
    else this.#windows[direction].offer(item)
  }

  /** Whether commands of this direction are on their way. */
  isBusy(direction: Direction): boolean {
    return this.#windows[direction].isBusy
  }

  /** Sends it with ASKING before it, both in one breath: the permission is for the next command alone. */
  async ask(item: Sendable, timeoutMs: number): Promise<void> {
    try {
      await this.connection.ready({ timeoutMs })
    } catch (error) {
      item.failed(error)
      return
    }
    if (item.settled) return
    this.connection.send(new LeanCommand('asking', [], { replied: ignore, failed: ignore }))
    this.connection.send(new LeanCommand(item.name, item.parts, item))
  }

  #open(): void {
    this.#windows.read.open()
    this.#windows.write.open()
  }

  #shut(): void {
    const { status, lastError } = this.connection
    const error = status === 'closed' ? closed() : (lastError ?? closed())
    for (const window of [this.#windows.read, this.#windows.write]) {
      window.shut()
      window.failWaiting(error)
    }
  }
}

function ignore(): void {
  // The command that follows says how it went.
}
