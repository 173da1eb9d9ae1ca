import type { Duplex } from 'node:stream'
import { Command } from 'ioredis'
import { defineHidden } from './define-hidden.js'
import { HiddenArguments } from './hidden-arguments.js'
import type { Piece } from './joined-writes.js'

/** A piece of a command: text goes out as UTF-8, bytes as they are. */
export type Part = Piece

/** Who gets the answer. Called exactly once, with one of the two. */
export interface ReplySink {
  replied(reply: unknown): void
  failed(error: unknown): void
}

const NO_ARGUMENTS = HiddenArguments.hide([])
const NO_PARTS: readonly Part[] = []
const NOBODY: ReplySink = { replied: () => undefined, failed: () => undefined }
const BYTES = { replyEncoding: null }
const CRLF = '\r\n'

/**
 * A command that is written in one piece and answers to its sink: no arguments that ioredis would copy,
 * format and keep for error messages, and no promise for each command.
 */
export class LeanCommand extends Command {
  #parts: readonly Part[]
  #sink: ReplySink
  /** Makes an error ours; set by the client that sends the command. */
  scrub: ((error: unknown, name: string) => unknown) | undefined = undefined

  static {
    // ioredis makes a promise for each command, with four functions around it; nobody would ever look at it.
    defineHidden(this.prototype, 'initPromise', () => undefined)
    // Not methods: to ioredis's types they are properties, which each command would have to be given.
    defineHidden(this.prototype, 'resolve', function (this: LeanCommand, reply: unknown) {
      this.isResolved = true
      this.#settle().replied(reply)
    })
    defineHidden(this.prototype, 'reject', function (this: LeanCommand, error: unknown) {
      const { scrub } = this
      this.#settle().failed(scrub === undefined ? error : scrub(error, this.name))
    })
  }

  constructor(name: string, parts: readonly Part[], sink: ReplySink) {
    super(name, [], BYTES)
    this.args = NO_ARGUMENTS
    this.#parts = parts
    this.#sink = sink
    this.isTraced = true
  }

  /**
   * The command in RESP: an array of bulk strings (redis.io, protocol specification). Bytes, and the text before them,
   * go to the socket itself, which gathers them (joined-writes.ts); the text after them is left to the caller.
   */
  override toWritable(socket: Pick<Duplex, 'write'>): string {
    const parts = this.#parts
    // It is written once: a value need not stay in memory until its reply comes.
    this.#parts = NO_PARTS
    const { name } = this
    let text = `*${parts.length + 1}${CRLF}$${name.length}${CRLF}${name}${CRLF}`
    for (const part of parts) {
      if (typeof part === 'string') {
        text += `$${Buffer.byteLength(part)}${CRLF}${part}${CRLF}`
      } else {
        socket.write(`${text}$${part.length}${CRLF}`)
        socket.write(part)
        text = CRLF
      }
    }
    return text
  }

  /**
   * Who gets the answer; nobody does from now on. ioredis's queue keeps its entries in objects that V8 may have made
   * in the old generation: through them every operation would live until the next full collection.
   */
  #settle(): ReplySink {
    const sink = this.#sink
    this.isSettled = true
    this.#sink = NOBODY
    return sink
  }
}
