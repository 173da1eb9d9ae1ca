import type { Part } from './lean-command.js'
import type { Operation } from './operation.js'
import type { FailureDesk, ReplyReader } from './replies.js'
import { readOk, UNEXPECTED } from './replies.js'
import type { Sendable } from './send-window.js'

export interface RequestParts<T> {
  readonly name: string
  readonly parts: readonly Part[]
  readonly cost: number
  readonly operation: Operation<T>
  readonly read: ReplyReader<T>
}

/** One command whose reply settles one operation. */
export class Request<T> implements Sendable {
  readonly name: string
  readonly parts: readonly Part[]
  readonly cost: number
  readonly operations = 1
  readonly #operation: Operation<T>
  readonly #read: ReplyReader<T>
  readonly #desk: FailureDesk

  constructor(command: RequestParts<T>, desk: FailureDesk) {
    this.name = command.name
    this.parts = command.parts
    this.cost = command.cost
    this.#operation = command.operation
    this.#read = command.read
    this.#desk = desk
  }

  get settled(): boolean {
    return this.#operation.settled
  }

  replied(reply: unknown): void {
    const value = this.#read(reply)
    if (value === UNEXPECTED) this.#operation.fail(this.#desk.unexpected(this.name))
    else this.#operation.succeed(value)
  }

  failed(error: unknown): void {
    this.#operation.fail(this.#desk.mapped(error, this.name))
  }
}

export interface SetParts {
  readonly key: string
  readonly bytes: Uint8Array
  /** Whole milliseconds, `undefined` for no expiry. */
  readonly expiry: string | undefined
  readonly operation: Operation<void>
}

/**
 * One SET. Its parts are put into a list when they are sent and not before: V8 learns which lists and object
 * literals live as long as a command, makes them in the old generation from then on, and there each holds its
 * value and its operation until the next full collection (docs/performance.md).
 */
export class SetRequest implements Sendable {
  readonly name = 'set'
  readonly cost: number
  readonly operations = 1
  readonly #key: string
  readonly #bytes: Uint8Array
  readonly #expiry: string | undefined
  readonly #operation: Operation<void>
  readonly #desk: FailureDesk

  constructor({ key, bytes, expiry, operation }: SetParts, desk: FailureDesk) {
    this.cost = bytes.length
    this.#key = key
    this.#bytes = bytes
    this.#expiry = expiry
    this.#operation = operation
    this.#desk = desk
  }

  get parts(): readonly Part[] {
    return this.#expiry === undefined
      ? [this.#key, this.#bytes]
      : [this.#key, this.#bytes, 'PX', this.#expiry]
  }

  get settled(): boolean {
    return this.#operation.settled
  }

  replied(reply: unknown): void {
    if (readOk(reply) === UNEXPECTED) this.#operation.fail(this.#desk.unexpected(this.name))
    else this.#operation.succeed()
  }

  failed(error: unknown): void {
    this.#operation.fail(this.#desk.mapped(error, this.name))
  }
}
