import type { Position } from '../position.js'
import type { SourceText } from './source-text.js'

export interface EnvVariable {
  readonly name: string
  /** As dotenv yields it: quotes removed, \n and \r expanded in double quotes. May be a secret. */
  readonly value: string
  readonly at: Position
  readonly valueAt: Position
}

export interface EnvFile {
  readonly path: string
  readonly variables: readonly EnvVariable[]
}

/**
 * One assignment, as dotenv 18 reads it (its own pattern, made sticky): `export` allowed, `=` or `: `,
 * three kinds of quotes that may span lines, a comment after the value.
 */
const ASSIGNMENT =
  /(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$/dmy
const SPACE = /\s*/y

/**
 * Reads an environment file with the places of names and values. dotenv itself gives no places, and its
 * pattern takes quadratic time on long runs of blank lines.
 */
export function parseEnvFile(source: SourceText): EnvFile {
  const { path } = source
  // As dotenv does it, first of all.
  const text = source.text.replaceAll(/\r\n?/g, '\n')
  const variables: EnvVariable[] = []
  const places = placesIn(text, path)
  let offset = 0
  while (offset < text.length) {
    SPACE.lastIndex = offset
    SPACE.exec(text)
    ASSIGNMENT.lastIndex = SPACE.lastIndex
    const match = ASSIGNMENT.exec(text)
    const [, name] = match?.indices ?? []
    if (match === null || name === undefined) {
      const end = text.indexOf('\n', SPACE.lastIndex)
      offset = end === -1 ? text.length : end + 1
      continue
    }
    const value = match.indices?.[2]
    const raw = match[2] ?? ''
    const valueStart = value === undefined ? name[1] : value[0] + (raw.length - raw.trimStart().length)
    variables.push({
      name: match[1] ?? '',
      value: unquote(raw.trim()),
      at: places(name[0]),
      valueAt: places(valueStart),
    })
    offset = ASSIGNMENT.lastIndex + 1
  }
  return { path, variables }
}

function unquote(value: string): string {
  const quote = value.charAt(0)
  const body = value.length >= 2 && /['"`]/.test(quote) && value.endsWith(quote) ? value.slice(1, -1) : value
  return quote === '"' ? body.replaceAll(String.raw`\n`, '\n').replaceAll(String.raw`\r`, '\r') : body
}

/** Offsets to places, for offsets that only grow. */
function placesIn(text: string, file: string): (offset: number) => Position {
  let line = 1
  let lineStart = 0
  return (offset) => {
    for (;;) {
      const feed = text.indexOf('\n', lineStart)
      if (feed === -1 || feed >= offset) return { file, line, column: offset - lineStart + 1 }
      line++
      lineStart = feed + 1
    }
  }
}

/** The variable that counts: the last one, as for dotenv. */
export function envValue(env: EnvFile, name: string): EnvVariable | undefined {
  return env.variables.findLast((variable) => variable.name === name)
}
