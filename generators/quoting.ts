import { stringify } from 'yaml'
import { ConfigError } from '../lib/errors.js'

/**
 * One way of quoting for each format, and no other way into a file: a template places values through these
 * helpers alone. What a format cannot hold is refused, never mended.
 */
export const QUOTING: Readonly<Record<string, (value: unknown) => string>> = {
  redis: ofText(redisWord),
  compose: ofText(composeText),
  yaml: ofText(yamlText),
  comment: ofText(commentText),
  env: ofText(envValue),
  envText: ofText(environmentWord),
  shell: ofText(shellWord),
  integer: wholeNumber,
  flag: yesOrNo,
}

const REDIS_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\', String.raw`\\`],
  ['"', String.raw`\"`],
  ['\n', String.raw`\n`],
  ['\r', String.raw`\r`],
  ['\t', String.raw`\t`],
])

/**
 * One word of redis.conf, always in double quotes: unquoted, a line break would begin another directive
 * (redis.conf, "sdssplitargs"; CFG-010).
 */
export function redisWord(value: string): string {
  if (/\p{Cs}/u.test(value) || value.includes('\0')) throw unquotable('redis.conf', 'NUL and lone surrogates')
  // Control characters as \xHH; U+0080 and above are bytes of UTF-8, which Redis takes as they are.
  const escaped = value.replaceAll(
    // oxlint-disable-next-line no-control-regex
    /[\\"\u0001-\u001F\u007F]/g,
    (character) => REDIS_ESCAPES.get(character) ?? String.raw`\x${hex(character)}`,
  )
  return `"${escaped}"`
}

/** A number that stands without quotes, in any format: nothing but digits comes out. */
export function wholeNumber(value: unknown): string {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw unquotable('a number', 'all but whole numbers from 0')
  return String(value)
}

/** `yes` or `no`, as redis.conf says it. */
export function yesOrNo(value: unknown): string {
  if (typeof value !== 'boolean') throw unquotable('a switch', 'all but true and false')
  return value ? 'yes' : 'no'
}

/**
 * A double-quoted YAML text for a Compose file. `$` would begin an interpolation there, so it is doubled
 * (Compose specification, "Interpolation"; CMP-022).
 */
export function composeText(value: string): string {
  return yamlText(value.replaceAll('$', '$$$$'))
}

/** A double-quoted YAML text. */
export function yamlText(value: string): string {
  if (/\p{Cs}/u.test(value)) throw unquotable('YAML', 'lone surrogates')
  return stringify(value, {
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
    lineWidth: 0,
  }).trimEnd()
}

/** Text in a comment line: a line break would end the comment. */
export function commentText(value: string): string {
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(value)) throw unquotable('a comment', 'control characters')
  return value
}

/**
 * A value of an environment file that every reader agrees on: Node, dotenv, Compose and the shell differ in
 * quotes, `$` and `#`, so only what needs none of them is written.
 */
export function envValue(value: string): string {
  if (/^[A-Za-z0-9_./:@,+=-]*$/.test(value)) return value
  throw unquotable('an environment file', 'all but letters, digits and _ . / : @ , + = -')
}

/**
 * A value of an environment file: bare, or in single quotes, between which Node, dotenv, Compose and the shell
 * all read everything as it stands. Undefined where that cannot be: the value belongs into a file of its own.
 */
export function environmentText(value: string): string | undefined {
  if (/^[A-Za-z0-9_./:@,+=-]+$/.test(value)) return value
  // A backslash is the one character between the quotes that Compose and the others read differently.
  return /['\\\p{C}\p{Zl}\p{Zp}]/u.test(value) ? undefined : `'${value}'`
}

function environmentWord(value: string): string {
  const text = environmentText(value)
  if (text === undefined)
    throw unquotable('an environment file', 'single quotes, backslashes and control characters')
  return text
}

/** One word of a POSIX shell: bare where that is safe, in single quotes where not. */
export function shellWord(value: string): string {
  if (/[\0\p{Cs}]/u.test(value)) throw unquotable('a shell word', 'NUL and lone surrogates')
  return /^[A-Za-z0-9_./:@,+=-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`
}

/** The view model gives texts; anything else in their place is a mistake that must not print. */
function ofText(quote: (value: string) => string): (value: unknown) => string {
  return (value) => {
    if (typeof value !== 'string') throw unquotable('a template', 'all but text')
    return quote(value)
  }
}

function hex(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(2, '0')
}

function unquotable(format: string, what: string): ConfigError {
  return new ConfigError(
    'ERR_CONFIG_INVALID',
    `a setting cannot be written into ${format}: it refuses ${what}`,
  )
}
