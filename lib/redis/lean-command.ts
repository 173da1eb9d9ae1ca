import { Duplex } from 'node:stream'
import { Command } from 'ioredis'
import { HiddenArguments } from './hidden-arguments.js'
import { join, type Piece } from './pieces.js'

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

  static {
    // ioredis makes a promise for each command, with four functions around it; nobody would ever look at it.
    Object.defineProperty(this.prototype, 'initPromise', { value: () => undefined })
  }

  constructor(name: string, parts: readonly Part[], sink: ReplySink) {
    super(name, [], BYTES)
    this.args = NO_ARGUMENTS
    this.#parts = parts
    this.#sink = sink
    this.resolve = (reply: unknown) => {
      this.isResolved = true
      this.#settle().replied(reply)
    }
    this.reject = (error) => this.#settle().failed(error)
  }

  /** Hands all pieces but the last to the socket itself, which gathers them (joined-writes.ts): no copy is made here. */
  override toWritable(socket?: object): string | Buffer {
    const pieces = piecesOf(this.name, this.#parts)
    // It is written once: a value need not stay in memory until its reply comes.
    this.#parts = NO_PARTS
    if (pieces.length === 1 || !(socket instanceof Duplex)) return join(pieces)
    const last = pieces.length - 1
    for (let index = 0; index < last; index += 1) socket.write(pieces[index])
    return String(pieces[last])
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

/** A command in RESP: an array of bulk strings (redis.io, protocol specification). */
export function encode(name: string, parts: readonly Part[]): Buffer {
  return join(piecesOf(name, parts))
}

/** Text and bytes in turn; the last one is text. */
function piecesOf(name: string, parts: readonly Part[]): readonly Part[] {
  const pieces: Part[] = []
  let text = `*${parts.length + 1}${CRLF}$${name.length}${CRLF}${name}${CRLF}`
  for (const part of parts) {
    if (typeof part === 'string') {
      text += `$${Buffer.byteLength(part)}${CRLF}${part}${CRLF}`
    } else {
      pieces.push(`${text}$${part.length}${CRLF}`, part)
      text = CRLF
    }
  }
  pieces.push(text)
  return pieces
}
