import { inspect } from 'node:util'
import type { Command } from 'ioredis'

type Argument = Command['args'][number]

/**
 * Arguments of a command that work like the array they were and cannot be printed: `DEBUG=ioredis:*`
 * joins and formats them, and every error reply of ioredis carries them as `error.command.args`.
 */
export class HiddenArguments extends Array<Argument> {
  static hide(values: readonly Argument[]): HiddenArguments {
    // Not Array.from with a length: `new HiddenArguments(3)` would mean three holes.
    const hidden = new HiddenArguments()
    for (const value of values) hidden.push(value)
    return hidden
  }

  override join(): string {
    return this.toJSON()
  }

  override toString(): string {
    return this.toJSON()
  }

  override toLocaleString(): string {
    return this.toJSON()
  }

  toJSON(): string {
    return `[${this.length} hidden]`
  }

  [inspect.custom](): string {
    return this.toJSON()
  }
}
