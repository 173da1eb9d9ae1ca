import { randomBytes } from 'node:crypto'
import { LeanCommand } from './lean-command.js'

/** Drawn once for the process: no stored value can look like a fence by accident or by intent. */
const MARK = Buffer.from(`fence:${randomBytes(12).toString('hex')}:`)

/** True for the reply of a fence. Where another command gets it, replies are out of step. */
export function isFenceReply(reply: Buffer): boolean {
  return (
    reply.length > MARK.length &&
    reply.length < MARK.length + 20 &&
    reply.subarray(0, MARK.length).equals(MARK)
  )
}

/**
 * Proves that replies still belong to their commands: `PING <token>` must come back with its token. When a
 * request or a reply was lost on the way, each later reply goes to the command before it; a sealed value
 * would be refused then, but a number or an OK would not.
 */
export class ReplyFence {
  readonly #send: (command: LeanCommand) => void
  readonly #outOfStep: () => void
  #sent = 0
  #travelling = false

  constructor(parts: { send: (command: LeanCommand) => void; outOfStep: () => void }) {
    this.#send = parts.send
    this.#outOfStep = parts.outOfStep
  }

  /** Sends a fence, unless one is on its way. */
  check(): void {
    if (this.#travelling) return
    this.#travelling = true
    this.#sent += 1
    const token = `${MARK.toString()}${this.#sent}`
    this.#send(
      new LeanCommand('ping', [token], {
        replied: (reply) => {
          this.#travelling = false
          if (!Buffer.isBuffer(reply) || reply.toString() !== token) this.#outOfStep()
        },
        // An error proves nothing: MISCONF answers every PING while the disk is full.
        failed: () => {
          this.#travelling = false
        },
      }),
    )
  }
}
