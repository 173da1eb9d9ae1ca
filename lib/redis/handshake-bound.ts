import type { Socket } from 'node:net'

/** After the first connection an attempt that hears nothing for this long is given up and made anew. */
const RECONNECT_SILENCE_MS = 1000

/** Ends the socket of a server that takes the connection and never finishes the handshake: TLS and login. */
export class HandshakeBound {
  readonly #budgetMs: number
  #isFirst = true
  #timer: NodeJS.Timeout | undefined

  /** Milliseconds for the very first attempt. */
  constructor(budgetMs: number) {
    this.#budgetMs = budgetMs
  }

  /** Milliseconds for one attempt. */
  get silenceMs(): number {
    return this.#isFirst ? this.#budgetMs : Math.min(this.#budgetMs, RECONNECT_SILENCE_MS)
  }

  begin(stream: Socket): void {
    this.#timer = setTimeout(() => {
      stream.destroy(Object.assign(new Error('handshake'), { code: 'ETIMEDOUT' }))
    }, this.silenceMs)
  }

  /** The handshake is over, well. */
  succeeded(): void {
    this.end()
    this.#isFirst = false
  }

  /** There is nothing to wait for any more. */
  end(): void {
    clearTimeout(this.#timer)
  }
}
