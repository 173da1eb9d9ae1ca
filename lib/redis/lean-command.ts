import { Command } from 'ioredis'
import { HiddenArguments } from './hidden-arguments.js'

/** A piece of a command: text goes out as UTF-8, bytes as they are. */
export type Part = string | Uint8Array

/** Who gets the answer. Called exactly once, with one of the two. */
export interface ReplySink {
  replied(reply: unknown): void
  failed(error: unknown): void
}

const NO_ARGUMENTS = HiddenArguments.hide([])
const BYTES = { replyEncoding: null }
const CRLF = '\r\n'

/**
 * A command that is written in one piece and answers to its sink: no arguments that ioredis would copy,
 * format and keep for error messages, and no promise for each command.
 */
export class LeanCommand extends Command {
  readonly #parts: readonly Part[]

  constructor(name: string, parts: readonly Part[], sink: ReplySink) {
    super(name, [], BYTES)
    this.args = NO_ARGUMENTS
    this.#parts = parts
    this.resolve = (reply: unknown) => {
      this.isResolved = true
      this.isSettled = true
      sink.replied(reply)
    }
    this.reject = (error) => {
      this.isSettled = true
      sink.failed(error)
    }
  }

  override toWritable(): Buffer {
    return encode(this.name, this.#parts)
  }
}

/** A command in RESP: an array of bulk strings (redis.io, protocol specification). */
export function encode(name: string, parts: readonly Part[]): Buffer {
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
  if (pieces.length === 0) return Buffer.from(text)
  pieces.push(text)
  return join(pieces)
}

function join(pieces: readonly Part[]): Buffer {
  let size = 0
  for (const piece of pieces) size += typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length
  const buffer = Buffer.allocUnsafe(size)
  let at = 0
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      at += buffer.write(piece, at)
    } else {
      buffer.set(piece, at)
      at += piece.length
    }
  }
  return buffer
}
