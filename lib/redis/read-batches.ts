import type { ValueSink } from './read-operations.js'
import type { FailureDesk } from './replies.js'
import { isValue } from './replies.js'
import type { Sendable } from './send-window.js'
import type { SizeEstimates } from './size-estimates.js'

/** Keys of one MGET. Beyond 32 there is nothing to win, and one slow value holds up fewer others. */
const MAX_KEYS = 32
/** Expected bytes of one MGET. */
const MAX_BYTES = 4 * 1024 * 1024

/** Gathers the reads of one tick into MGETs of bounded size. */
export class ReadBatches {
  readonly #estimates: SizeEstimates
  readonly #desk: FailureDesk
  readonly #offer: (batch: Sendable) => void
  #open: ReadBatch | undefined

  constructor(parts: { estimates: SizeEstimates; desk: FailureDesk; offer: (batch: Sendable) => void }) {
    this.#estimates = parts.estimates
    this.#desk = parts.desk
    this.#offer = parts.offer
  }

  /** The key is read before the event loop goes on. */
  add(key: string, sink: ValueSink, index: number): void {
    const expected = this.#estimates.of(key)
    if (this.#open !== undefined && !this.#open.hasRoomFor(expected)) this.#flush()
    if (this.#open === undefined) {
      this.#open = new ReadBatch(this.#estimates, this.#desk)
      process.nextTick(() => this.#flush())
    }
    this.#open.add(key, sink, index)
    this.#open.cost += expected
  }

  #flush(): void {
    const batch = this.#open
    this.#open = undefined
    if (batch !== undefined) this.#offer(batch)
  }
}

/** One GET or MGET on its way, and where each value goes. */
class ReadBatch implements Sendable {
  readonly parts: string[] = []
  /** Bytes that the reply is expected to have. */
  cost = 0
  readonly #sinks: ValueSink[] = []
  readonly #indexes: number[] = []
  readonly #estimates: SizeEstimates
  readonly #desk: FailureDesk

  constructor(estimates: SizeEstimates, desk: FailureDesk) {
    this.#estimates = estimates
    this.#desk = desk
  }

  get name(): string {
    return this.parts.length === 1 ? 'get' : 'mget'
  }

  get settled(): boolean {
    return this.#sinks.every((sink) => sink.settled)
  }

  hasRoomFor(bytes: number): boolean {
    return this.parts.length < MAX_KEYS && this.cost + bytes <= MAX_BYTES
  }

  add(key: string, sink: ValueSink, index: number): void {
    this.parts.push(key)
    this.#sinks.push(sink)
    this.#indexes.push(index)
  }

  replied(reply: unknown): void {
    const values: unknown = this.parts.length === 1 ? [reply] : reply
    if (!isValues(values, this.parts.length)) {
      this.failed(this.#desk.unexpected(this.name))
      return
    }
    for (const [at, value] of values.entries()) {
      if (value !== null) this.#estimates.saw(this.parts[at] ?? '', value.length)
      this.#sinks[at]?.received(this.#indexes[at] ?? 0, value ?? undefined)
    }
  }

  failed(error: unknown): void {
    const ours = this.#desk.mapped(error, this.name)
    for (const sink of this.#sinks) sink.fail(ours)
  }
}

function isValues(reply: unknown, count: number): reply is (Buffer | null)[] {
  return Array.isArray(reply) && reply.length === count && reply.every(isValue)
}
