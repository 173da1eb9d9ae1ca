/** Long enough for any name of ours, short enough that a flood of them stays small. */
const MAX_LENGTH = 64
/** Where secrets are looked for: one that begins in what is kept is seen whole, and the work is bounded. */
const LOOKED_AT = 2048

export interface ForeignTextOptions {
  /** In UTF-16 units; 64 where absent. */
  readonly maxLength?: number | undefined
  /** Hides secrets of ours: people type passwords where a name belongs. */
  readonly hide?: ((text: string) => string) | undefined
}

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
export function foreignText(text: string, options: ForeignTextOptions = {}): string {
  const { maxLength = MAX_LENGTH, hide = asItIs } = options
  // Hidden before it is cut: half a secret would not be recognised. Cut before it is escaped: an escape stays whole.
  const shown = hide(text.slice(0, LOOKED_AT))
  const cut = shown.length > maxLength
  const kept = cut ? shown.slice(0, maxLength) : shown
  const printable = kept.replace(UNPRINTABLE, (character) => `\\u{${codePoint(character)}}`)
  return cut ? `${printable}… (${String(text.length)} characters)` : printable
}

function asItIs(text: string): string {
  return text
}

function codePoint(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16)
}
