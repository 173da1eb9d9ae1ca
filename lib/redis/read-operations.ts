import { Operation } from './operation.js'
import type { OperationParts } from './operation.js'

/** Where the value of one key goes. */
export interface ValueSink extends Pick<Operation<unknown>, 'settled' | 'fail'> {
  received(index: number, value: Buffer | undefined): void
}

/** The value of one key. */
export class GetOperation extends Operation<Buffer | undefined> implements ValueSink {
  received(_index: number, value: Buffer | undefined): void {
    this.succeed(value)
  }
}

/** The values of many keys, in their order, however they travelled. */
export class GetManyOperation extends Operation<(Buffer | undefined)[]> implements ValueSink {
  readonly #values: (Buffer | undefined)[]
  #missing: number

  constructor(parts: OperationParts, count: number) {
    super(parts)
    this.#values = Array.from({ length: count })
    this.#missing = count
  }

  received(index: number, value: Buffer | undefined): void {
    this.#values[index] = value
    this.#missing -= 1
    if (this.#missing === 0) this.succeed(this.#values)
  }
}
