import type { Part } from './lean-command.js'
import { Redirection } from './redirection.js'
import type { Sendable } from './send-window.js'

/** Two nodes that point at each other must not keep a command for ever. */
const MAX_HOPS = 4

export interface RedirectableParts {
  /** How often it was sent on already. */
  readonly hops: number
  /** Sends it on; false where it cannot. */
  readonly follow: (to: Redirection, hops: number) => boolean
}

/** A command at a node that may say that another one has its slot. */
export class Redirectable implements Sendable {
  readonly #item: Sendable
  readonly #parts: RedirectableParts

  constructor(item: Sendable, parts: RedirectableParts) {
    this.#item = item
    this.#parts = parts
  }

  get name(): string {
    return this.#item.name
  }

  get parts(): readonly Part[] {
    return this.#item.parts
  }

  get cost(): number {
    return this.#item.cost
  }

  get operations(): number {
    return this.#item.operations
  }

  get settled(): boolean {
    return this.#item.settled
  }

  replied(reply: unknown): void {
    this.#item.replied(reply)
  }

  failed(error: unknown): void {
    const { hops, follow } = this.#parts
    const isFollowed =
      error instanceof Redirection && hops < MAX_HOPS && !this.#item.settled && follow(error, hops + 1)
    if (!isFollowed) this.#item.failed(error)
  }
}
