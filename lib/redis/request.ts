import type { Part } from './lean-command.js'
import type { Operation } from './operation.js'
import type { FailureDesk, ReplyReader } from './replies.js'
import { UNEXPECTED } from './replies.js'
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
