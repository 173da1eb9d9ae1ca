import type { ValueSink } from './read-operations.js'
import type { FailureDesk } from './replies.js'
import { isValue } from './replies.js'
import type { Sendable } from './send-window.js'
import type { SizeEstimates } from './size-estimates.js'

/** Keys of one MGET. Beyond 32 there is nothing to win, and one slow value holds up fewer others. */
const MAX_KEYS = 32
/** So many leave at once while nothing is on its way: the server works on them while the others are gathered. */
const EARLY_KEYS = 8
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
    batch.add(new Read(key, sink, index), expected)
    if (batch.operations >= MAX_KEYS || (batch.operations >= EARLY_KEYS && !this.#isBusy())) {
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
    if (this.#isBusy()) setImmediate(this.#flush)
    else process.nextTick(this.#flush)
  }

  #isBusy(): boolean {
    return this.#parts.isBusy?.() === true
  }
}

/** One key of a batch, and where its value goes. */
class Read {
  readonly key: string
  readonly sink: ValueSink
  readonly index: number
  next: Read | undefined = undefined

  constructor(key: string, sink: ValueSink, index: number) {
    this.key = key
    this.sink = sink
    this.index = index
  }
}

/**
 * One GET or MGET on its way, and where each value goes: a chain and no lists, which V8 would make in the old
 * generation after a while (request.ts says why that hurts).
 */
class ReadBatch implements Sendable {
  /** Bytes that the reply is expected to have. */
  cost = 0
  operations = 0
  #first: Read | undefined = undefined
  #last: Read | undefined = undefined
  readonly #batches: ReadBatchesParts
  readonly #group: number

  constructor(batches: ReadBatchesParts, group: number) {
    this.#batches = batches
    this.#group = group
  }

  get name(): string {
    return this.operations === 1 ? 'get' : 'mget'
  }

  get parts(): readonly string[] {
    const keys: string[] = []
    for (let read = this.#first; read !== undefined; read = read.next) keys.push(read.key)
    return keys
  }

  get settled(): boolean {
    for (let read = this.#first; read !== undefined; read = read.next) if (!read.sink.settled) return false
    return true
  }

  hasRoomFor(bytes: number): boolean {
    return this.cost + bytes <= MAX_BYTES
  }

  add(read: Read, expectedBytes: number): void {
    if (this.#last === undefined) this.#first = read
    else this.#last.next = read
    this.#last = read
    this.operations += 1
    this.cost += expectedBytes
  }

  replied(reply: unknown): void {
    const { estimates, desk } = this.#batches
    const values: unknown = this.operations === 1 ? [reply] : reply
    if (!isValues(values, this.operations)) {
      this.failed(desk.unexpected(this.name))
      return
    }
    let read = this.#first
    // Nothing is held that has been answered (lean-command.ts, #settle).
    this.#first = undefined
    this.#last = undefined
    for (const value of values) {
      if (read === undefined) break
      if (value !== null) estimates.saw(read.key, value.length)
      read.sink.received(read.index, value ?? undefined)
      read = read.next
    }
  }

  failed(error: unknown): void {
    const ours = this.#batches.desk.mapped(error, this.name)
    if (ours.code === 'ERR_REDIS_NOPERM' && this.operations > 1) this.#split()
    else for (let read = this.#first; read !== undefined; read = read.next) read.sink.fail(ours)
  }

  /** One key that the user may not read fails a whole MGET: each by itself then, so that the others are served. */
  #split(): void {
    const share = this.cost / this.operations
    for (let read = this.#first; read !== undefined; read = read.next) {
      const single = new ReadBatch(this.#batches, this.#group)
      single.add(new Read(read.key, read.sink, read.index), share)
      this.#batches.offer(single, this.#group)
    }
  }
}

function isValues(reply: unknown, count: number): reply is (Buffer | null)[] {
  return Array.isArray(reply) && reply.length === count && reply.every(isValue)
}
