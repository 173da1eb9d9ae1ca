import type { Socket } from 'node:net'
import { JoinedWrites } from './joined-writes.js'
import { ReplyFence } from './reply-fence.js'
import type { ScrubbedRedis } from './scrubbed-client.js'

export interface NodeWatchOptions {
  /** The client of one server. */
  readonly client: ScrubbedRedis
  /** Silence that a healthy connection does not keep, in milliseconds of the event loop's own time. */
  readonly timeoutMs: number
  /** Replies belong to other commands. */
  readonly damaged: () => void
  /** Replies do not come. */
  readonly silent: () => void
}

/**
 * Watches the socket of one server. A connection is damaged when commands are pending and no byte has come
 * for the deadline although the event loop was free, or when a fence comes back wrong. It never heals by
 * itself; connecting anew takes a fraction of a second. Judged per connection and never per command: one
 * tick holds hundreds.
 */
export class NodeWatch {
  readonly #client: ScrubbedRedis
  readonly #timeoutMs: number
  readonly #silent: () => void
  readonly #fence: ReplyFence
  #writes: JoinedWrites | undefined
  #bytesRead = 0
  #bytesSeen = 0
  #quietSince = 0

  constructor({ client, timeoutMs, damaged, silent }: NodeWatchOptions) {
    this.#client = client
    this.#timeoutMs = timeoutMs
    this.#silent = silent
    this.#fence = new ReplyFence({ send: (command) => client.sendCommand(command), outOfStep: damaged })
    client.on('connect', () => this.#attach(client.stream))
  }

  /** Grows with every reply. */
  get bytesRead(): number {
    return this.#bytesRead
  }

  /** Commands for so many operations were handed to the socket. */
  sent(operations: number): void {
    this.#writes?.wrote(operations)
  }

  /** One look, at this time of the event loop's clock. True while something is pending. */
  look(clock: number): boolean {
    const pending = this.#client.status === 'ready' && this.#client.commandQueue.length > 0
    if (!pending || this.#bytesRead !== this.#bytesSeen) {
      this.#bytesSeen = this.#bytesRead
      this.#quietSince = clock
    } else if (clock - this.#quietSince >= this.#timeoutMs) {
      this.#silent()
    }
    if (pending) this.#fence.check()
    return pending
  }

  /** Looks whether replies still belong to their commands. */
  doubt(): void {
    if (this.#client.status === 'ready') this.#fence.check()
  }

  #attach(stream: Socket): void {
    const writes = new JoinedWrites(stream)
    this.#writes = writes
    stream.on('data', (chunk: Buffer) => {
      this.#bytesRead += chunk.length
      writes.heard()
    })
  }
}
