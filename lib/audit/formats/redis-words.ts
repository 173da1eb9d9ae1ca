/**
 * The words of one configuration line, exactly as Redis's `sdssplitargs` cuts them (src/sds.c, 7.0): double
 * quotes with \xHH, \n, \r, \t, \b, \a and escaped characters; single quotes with \' alone; a closing quote
 * must be followed by a blank; a quote in the middle of a word opens a quoted part. There are no comments
 * after a directive: `#` is a word like any other.
 */
export interface Word {
  readonly value: string
  /** Where the word begins in the line, in UTF-16 units from 0. */
  readonly index: number
  readonly quoted: boolean
}

export type Words =
  | { readonly ok: true; readonly words: readonly Word[] }
  | { readonly ok: false; readonly index: number; readonly reason: 'unterminated' | 'closing-quote' }

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' }
/** C's isspace() in the "C" locale. */
const isSpace = (c: string | undefined): boolean => c !== undefined && /[ \t\n\v\f\r]/.test(c)
/** What ends an unquoted word: not vertical tab and form feed, other than isspace(). */
const endsWord = (c: string): boolean => c === ' ' || c === '\t' || c === '\n' || c === '\r'
const HEX_ESCAPE = /\\x([0-9a-fA-F]{2})/y

export function splitWords(line: string): Words {
  // Redis works on bytes, and \xHH names one: cut the UTF-8 form as one character a byte.
  const bytes = Buffer.from(line, 'utf8').toString('latin1')
  const nul = bytes.indexOf('\0')
  const text = nul === -1 ? bytes : bytes.slice(0, nul)
  const words: Word[] = []
  const charIndex = charactersBefore(text)
  let p = 0
  for (;;) {
    while (isSpace(text[p])) p++
    if (p >= text.length) return { ok: true, words }
    const word = readWord(text, p)
    if ('reason' in word) return { ok: false, index: charIndex(word.index), reason: word.reason }
    words.push({
      value: Buffer.from(word.value, 'latin1').toString('utf8'),
      index: charIndex(p),
      quoted: word.quoted,
    })
    p = word.end
  }
}

type ReadWord =
  | { readonly value: string; readonly end: number; readonly quoted: boolean }
  | { readonly index: number; readonly reason: 'unterminated' | 'closing-quote' }

function readWord(text: string, start: number): ReadWord {
  let value = ''
  let p = start
  while (p < text.length) {
    const c = text.charAt(p)
    if (c === '"' || c === "'") {
      const part = readQuoted(text, p, c)
      if ('reason' in part) return part
      return { value: value + part.value, end: part.end, quoted: true }
    }
    if (endsWord(c)) return { value, end: p, quoted: false }
    value += c
    p++
  }
  return { value, end: p, quoted: false }
}

function readQuoted(text: string, open: number, quote: '"' | "'"): ReadWord {
  let value = ''
  let p = open + 1
  while (p < text.length) {
    const c = text.charAt(p)
    if (c === quote) {
      const next = text[p + 1]
      if (next !== undefined && !isSpace(next)) return { index: p, reason: 'closing-quote' }
      return { value, end: p + 1, quoted: true }
    }
    const escape = c === '\\' ? readEscape(text, p, quote) : undefined
    value += escape?.value ?? c
    p += escape?.length ?? 1
  }
  return { index: open, reason: 'unterminated' }
}

function readEscape(
  text: string,
  p: number,
  quote: '"' | "'",
): { readonly value: string; readonly length: number } | undefined {
  const next = text[p + 1]
  if (next === undefined) return undefined
  if (quote === "'") return next === "'" ? { value: "'", length: 2 } : undefined
  HEX_ESCAPE.lastIndex = p
  const hex = HEX_ESCAPE.exec(text)?.[1]
  if (hex !== undefined) return { value: String.fromCharCode(Number.parseInt(hex, 16)), length: 4 }
  return { value: ESCAPES[next] ?? next, length: 2 }
}

/** Byte offsets to characters, for offsets that only grow: each byte is decoded once. */
function charactersBefore(latin1: string): (byteOffset: number) => number {
  let bytes = 0
  let characters = 0
  return (byteOffset) => {
    characters += Buffer.from(latin1.slice(bytes, byteOffset), 'latin1').toString('utf8').length
    bytes = byteOffset
    return characters
  }
}
