import type { ValueSink } from './read-operations.js'
import type { FailureDesk } from './replies.js'
import { isValue } from './replies.js'
import type { Sendable } from './send-window.js'
import type { SizeEstimates } from './size-estimates.js'

/** Keys of one MGET. Beyond 32 there is nothing to win, and one slow value holds up fewer others. */
const MAX_KEYS = 32
/** Expected bytes of one MGET. */
const MAX_BYTES = 4 * 1024 * 1024

export interface ReadBatchesParts {
  readonly estimates: SizeEstimates
  readonly desk: FailureDesk
  /** Keys of one group may travel in one command: all of them on one server, those of one slot in a Cluster. */
  readonly groupOf: (key: string) => number
  readonly offer: (batch: Sendable, group: number) => void
  /** Whether earlier reads are still on their way; absent where nobody knows. */
  readonly isBusy?: (() => boolean) | undefined
}

/**
 * Gathers reads into MGETs of bounded size.
 *
 * While nothing is on its way they leave at the end of the tick. While earlier ones are, they gather until the
 * event loop has handled everything that had arrived: each request of a server comes in a tick of its own, so
 * that a tick alone would join nothing there. What is full leaves at once.
 */
export class ReadBatches {
  readonly #parts: ReadBatchesParts
  #open = new Map<number, ReadBatch>()
  #scheduled = false
  readonly #flush = (): void => {
    const open = this.#open
    this.#open = new Map()
    this.#scheduled = false
    for (const [group, batch] of open) this.#parts.offer(batch, group)
  }

  constructor(parts: ReadBatchesParts) {
    this.#parts = parts
  }

  /** The key is asked for before the event loop waits again. */
  add(key: string, sink: ValueSink, index: number): void {
    const expected = this.#parts.estimates.of(key)
    const group = this.#parts.groupOf(key)
    const batch = this.#batchFor(group, expected)
    batch.add(key, sink, index)
    batch.cost += expected
    if (batch.isFull) {
      this.#open.delete(group)
      this.#parts.offer(batch, group)
    } else this.#schedule()
  }

  #batchFor(group: number, expected: number): ReadBatch {
    const open = this.#open.get(group)
    if (open?.hasRoomFor(expected) === true) return open
    if (open !== undefined) this.#parts.offer(open, group)
    const batch = new ReadBatch(this.#parts, group)
    this.#open.set(group, batch)
    return batch
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    if (this.#parts.isBusy?.() === true) setImmediate(this.#flush)
    else process.nextTick(this.#flush)
  }
}

/** One GET or MGET on its way, and where each value goes. */
class ReadBatch implements Sendable {
  readonly parts: string[] = []
  /** Bytes that the reply is expected to have. */
  cost = 0
  readonly #sinks: ValueSink[] = []
  readonly #indexes: number[] = []
  readonly #batches: ReadBatchesParts
  readonly #group: number

  constructor(batches: ReadBatchesParts, group: number) {
    this.#batches = batches
    this.#group = group
  }

  get name(): string {
    return this.parts.length === 1 ? 'get' : 'mget'
  }

  get settled(): boolean {
    return this.#sinks.every((sink) => sink.settled)
  }

  get isFull(): boolean {
    return this.parts.length >= MAX_KEYS
  }

  hasRoomFor(bytes: number): boolean {
    return this.cost + bytes <= MAX_BYTES
  }

  add(key: string, sink: ValueSink, index: number): void {
    this.parts.push(key)
    this.#sinks.push(sink)
    this.#indexes.push(index)
  }

  replied(reply: unknown): void {
    const { estimates, desk } = this.#batches
    const values: unknown = this.parts.length === 1 ? [reply] : reply
    if (!isValues(values, this.parts.length)) {
      this.failed(desk.unexpected(this.name))
      return
    }
    for (const [at, value] of values.entries()) {
      if (value !== null) estimates.saw(this.parts[at] ?? '', value.length)
      this.#sinks[at]?.received(this.#indexes[at] ?? 0, value ?? undefined)
    }
  }

  failed(error: unknown): void {
    const ours = this.#batches.desk.mapped(error, this.name)
    if (ours.code === 'ERR_REDIS_NOPERM' && this.parts.length > 1) this.#split()
    else for (const sink of this.#sinks) sink.fail(ours)
  }

  /** One key that the user may not read fails a whole MGET: each by itself then, so that the others are served. */
  #split(): void {
    for (const [at, sink] of this.#sinks.entries()) {
      const single = new ReadBatch(this.#batches, this.#group)
      single.add(this.parts[at] ?? '', sink, this.#indexes[at] ?? 0)
      single.cost = this.cost / this.parts.length
      this.#batches.offer(single, this.#group)
    }
  }
}

function isValues(reply: unknown, count: number): reply is (Buffer | null)[] {
  return Array.isArray(reply) && reply.length === count && reply.every(isValue)
}
