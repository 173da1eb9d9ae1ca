/** Long enough for any name of ours, short enough that a flood of them stays small. */
const MAX_LENGTH = 64

/**
 * What can act on whoever reads it: control and escape codes, line ends, bidirectional overrides, invisible
 * characters, lone surrogates, every space but the plain one.
 */
const UNPRINTABLE = /(?! )[\p{C}\p{Z}]/gu

/**
 * Text that someone else wrote, made harmless for log, JSON, mail and terminal: truncated, on one line,
 * with what cannot be seen written as `\u{…}`. ACL LOG holds what an attacker typed before any login
 * (docs/redis.md): up to 16 KiB of HTML, line ends and escape codes. HTML still needs escaping where HTML is
 * written.
 */
export function foreignText(text: string, maxLength = MAX_LENGTH): string {
  // Cut first: the work is bounded by what is kept, and an escape is never cut in half.
  const cut = text.length > maxLength
  const kept = cut ? text.slice(0, maxLength) : text
  const printable = kept.replace(UNPRINTABLE, (character) => `\\u{${codePoint(character)}}`)
  return cut ? `${printable}… (${String(text.length)} characters)` : printable
}

function codePoint(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16)
}
