import type { Deadline } from '../deadline.js'
import { Timed } from '../deadline.js'
import type { CacheError } from '../errors.js'
import { lateReply } from './late-reply.js'
import type { PendingLimit } from './pending-limit.js'

export interface OperationParts {
  readonly name: string
  /** What the operation holds in memory until it settles. */
  readonly bytes: number
  readonly deadline: Deadline
  readonly pending: PendingLimit
}

/** One call of the store: settles once, by its reply, by a failure or by its deadline. */
export class Operation<T> extends Timed {
  readonly promise: Promise<T>
  readonly name: string
  readonly #bytes: number
  readonly #deadline: Deadline
  readonly #pending: PendingLimit
  #resolve: (value: T) => void = ignore
  #reject: (error: CacheError) => void = ignore
  #settled = false

  constructor(parts: OperationParts) {
    super()
    this.name = parts.name
    this.#bytes = parts.bytes
    this.#deadline = parts.deadline
    this.#pending = parts.pending
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    parts.pending.began(parts.bytes)
    parts.deadline.add(this)
  }

  get settled(): boolean {
    return this.#settled
  }

  succeed(value: T): void {
    if (this.#end()) this.#resolve(value)
  }

  fail(error: CacheError): void {
    if (this.#end()) this.#reject(error)
  }

  override expire(): void {
    this.fail(lateReply(this.#deadline.timeoutMs, this.name))
  }

  #end(): boolean {
    if (this.#settled) return false
    this.#settled = true
    this.#deadline.remove(this)
    this.#pending.ended(this.#bytes)
    return true
  }
}

/** One call of the store that takes several commands: it succeeds with the last of them. */
export class JoinedOperation<T> extends Operation<T> {
  readonly #combine: (sofar: T, value: T) => T
  #sofar: T
  #missing: number

  constructor(
    parts: OperationParts,
    { commands, start, combine }: { commands: number; start: T; combine: (sofar: T, value: T) => T },
  ) {
    super(parts)
    this.#missing = commands
    this.#sofar = start
    this.#combine = combine
  }

  override succeed(value: T): void {
    this.#sofar = this.#combine(this.#sofar, value)
    this.#missing -= 1
    if (this.#missing === 0) super.succeed(this.#sofar)
  }
}

function ignore(): void {
  // Replaced by the promise's own before anybody can call it.
}
