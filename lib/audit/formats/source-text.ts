import { isUtf8 } from 'node:buffer'

import type { Position } from '../position.js'

/** The text of one file, and what was odd about its bytes. */
export interface SourceText {
  readonly path: string
  /** Decoded as UTF-8, without a byte-order mark; bytes that are none become U+FFFD. */
  readonly text: string
  readonly byteOrderMark: boolean
  readonly validUtf8: boolean
}

/** One line, without its line feed; `start` is its offset in the text. */
export interface Line {
  readonly text: string
  readonly number: number
  readonly start: number
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

export function decodeSource(path: string, bytes: Buffer): SourceText {
  const byteOrderMark = bytes.subarray(0, 3).equals(BYTE_ORDER_MARK)
  const body = byteOrderMark ? bytes.subarray(3) : bytes
  return { path, text: body.toString('utf8'), byteOrderMark, validUtf8: isUtf8(body) }
}

/** Lines as Redis, Docker and dotenv see them: cut at line feeds alone; a carriage return stays. */
export function* linesOf(source: SourceText): Generator<Line> {
  let start = 0
  for (let number = 1; start <= source.text.length; number++) {
    const end = source.text.indexOf('\n', start)
    const stop = end === -1 ? source.text.length : end
    yield { text: source.text.slice(start, stop), number, start }
    start = stop + 1
  }
}

/** The place of a line's character; `index` counts from 0. */
export function placeIn(source: SourceText, line: Line, index: number): Position {
  return { file: source.path, line: line.number, column: index + 1 }
}

/**
 * A text without the blanks at its ends, and how many stood before it. An expression such as `[ ]*$` looks at
 * every run of blanks anew from each of its characters, which a file made for it turns into minutes.
 */
export function trimBlanks(text: string, blanks: string): { readonly body: string; readonly lead: number } {
  let end = text.length
  while (end > 0 && blanks.includes(text.charAt(end - 1))) end--
  let lead = 0
  while (lead < end && blanks.includes(text.charAt(lead))) lead++
  return { body: text.slice(lead, end), lead }
}
