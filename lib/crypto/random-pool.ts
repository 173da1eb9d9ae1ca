import { randomFillSync } from 'node:crypto'

const POOL_BYTES = 4096
/** Bytes of one draw: half of a nonce, its subkey's or its message's part. */
export const DRAW_BYTES = 12
const MAX_AGE_MS = 1000

/** Fills the bytes with randomness fit for cryptography. */
export type RandomFill = (bytes: Uint8Array) => void

/**
 * Random bytes drawn ahead: one call of the generator for 340 draws instead of one each, which
 * would cost as much as the sealing of a small value.
 *
 * What is older than a second is thrown away unused: a virtual machine that was resumed twice from one
 * snapshot holds the same pool twice, and the same nonce must not leave both.
 */
export class RandomPool {
  readonly #fill: RandomFill
  readonly #bytes = Buffer.alloc(POOL_BYTES)
  #offset = POOL_BYTES
  #filledAt = 0

  constructor(fill: RandomFill = (bytes) => void randomFillSync(bytes)) {
    this.#fill = fill
  }

  /** Writes 12 fresh bytes to `target` at `offset`; `now` in milliseconds. */
  draw(target: Uint8Array, offset: number, now: number): void {
    const age = now - this.#filledAt
    // Written so that a clock that went backwards, or is NaN, counts as too old.
    if (this.#offset + DRAW_BYTES > POOL_BYTES || !(age >= 0 && age < MAX_AGE_MS)) {
      this.#offset = POOL_BYTES // a generator that throws must not leave old bytes in use
      this.#fill(this.#bytes)
      this.#filledAt = now
      this.#offset = 0
    }
    const start = this.#offset
    this.#offset += DRAW_BYTES
    for (let i = 0; i < DRAW_BYTES; i++) target[offset + i] = this.#bytes[start + i] ?? 0
  }
}
