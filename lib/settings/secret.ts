import { inspect } from 'node:util'

const HIDDEN = '[secret]'

/**
 * A value that cannot be printed, serialised or inspected by accident.
 *
 * Whoever needs the text says so with {@link Secret.reveal}; every other way of looking at it
 * (`String()`, template literals, `JSON.stringify`, `util.inspect`, a spread, `structuredClone`)
 * yields `[secret]` or nothing.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
    Object.freeze(this)
  }

  /** The text itself. Use it in the call that needs it; never keep it in a variable that lives on. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [inspect.custom](): string {
    return HIDDEN
  }
}
