import type { SecurityEvent } from '../events.js'

/** The newest events, at most `capacity` of them. Adding costs the same whether it is full or not. */
export class EventRing {
  readonly #slots: (SecurityEvent | undefined)[]
  #next = 0

  constructor(capacity: number) {
    this.#slots = Array.from({ length: capacity })
  }

  add(event: SecurityEvent): void {
    this.#slots[this.#next] = event
    this.#next = (this.#next + 1) % this.#slots.length
  }

  /** In the order of arrival, newest first. */
  *newestFirst(): Generator<SecurityEvent> {
    const size = this.#slots.length
    for (let back = 1; back <= size; back += 1) {
      const event = this.#slots[(this.#next - back + size) % size]
      if (event === undefined) return
      yield event
    }
  }
}
