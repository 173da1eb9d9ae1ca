import type { CacheError } from '../errors.js'
import type { Part, ReplySink } from './lean-command.js'
import { LeanCommand } from './lean-command.js'

/** A command that waits for its turn. */
export interface Sendable extends ReplySink {
  readonly name: string
  readonly parts: readonly Part[]
  /** Bytes that it moves: the value of a write, the expected reply of a read. */
  readonly cost: number
  /** How many calls of the store it answers. */
  readonly operations: number
  /** Nobody waits for it any more: it is not sent. */
  readonly settled: boolean
}

export interface SendWindowOptions {
  /** Bytes on the way at most; a single larger command travels alone. */
  readonly maxCost: number
  readonly maxCommands: number
  readonly send: (command: LeanCommand, operations: number) => void
}

/** Sent items at the front of the queue that are tolerated before it is cut. */
const COMPACT_AFTER = 1024

/**
 * Lets so many commands and bytes travel at once; the others wait here, in the order of their arrival.
 * Without a bound the server evicts the client: for 256 replies of 200 KiB in one tick, or for a megabyte
 * times thirty in one MGET (`maxmemory-clients`).
 */
export class SendWindow {
  readonly #options: SendWindowOptions
  #waiting: Sendable[] = []
  #head = 0
  #cost = 0
  #commands = 0
  #open = false
  #pumping = false
  readonly #arrivals = (item: Sendable): void => this.#arrived(item)

  constructor(options: SendWindowOptions) {
    this.#options = options
  }

  /** Whether something is on its way, or waits for it. */
  get isBusy(): boolean {
    return this.#commands > 0 || this.#head < this.#waiting.length
  }

  /** Sends it, now or in its turn. */
  offer(item: Sendable): void {
    this.#waiting.push(item)
    this.#pump()
  }

  open(): void {
    this.#open = true
    this.#pump()
  }

  /** Sends nothing more until it is opened. What travels is left to its replies. */
  shut(): void {
    this.#open = false
  }

  /** Fails everything that has not been sent. */
  failWaiting(error: CacheError): void {
    const waiting = this.#waiting.slice(this.#head)
    this.#waiting = []
    this.#head = 0
    for (const item of waiting) item.failed(error)
  }

  #pump(): void {
    // A connection that refuses at once comes back here from within: the outer turn goes on then.
    if (this.#pumping) return
    this.#pumping = true
    while (this.#open) {
      const item = this.#waiting[this.#head]
      if (item === undefined) break
      if (!item.settled && !this.#hasRoomFor(item.cost)) break
      this.#head += 1
      if (!item.settled) this.#send(item)
    }
    if (this.#head > COMPACT_AFTER || this.#head === this.#waiting.length) {
      this.#waiting.splice(0, this.#head)
      this.#head = 0
    }
    this.#pumping = false
  }

  #hasRoomFor(cost: number): boolean {
    const { maxCost, maxCommands } = this.#options
    if (this.#commands === 0) return true
    return this.#commands < maxCommands && this.#cost + cost <= maxCost
  }

  #send(item: Sendable): void {
    this.#cost += item.cost
    this.#commands += 1
    const command = new LeanCommand(item.name, item.parts, new Travelling(item, this.#arrivals))
    this.#options.send(command, item.operations)
  }

  #arrived(item: Sendable): void {
    this.#cost -= item.cost
    this.#commands -= 1
    this.#pump()
  }
}

/** A command on its way: its window hears of its end before it does. */
class Travelling implements ReplySink {
  readonly #item: Sendable
  readonly #arrived: (item: Sendable) => void

  constructor(item: Sendable, arrived: (item: Sendable) => void) {
    this.#item = item
    this.#arrived = arrived
  }

  replied(reply: unknown): void {
    this.#arrived(this.#item)
    this.#item.replied(reply)
  }

  failed(error: unknown): void {
    this.#arrived(this.#item)
    this.#item.failed(error)
  }
}
