import { readFile } from 'node:fs/promises'
import { createTwoFilesPatch } from 'diff'
import pc from 'picocolors'
import type { GenerateResult, PlannedFile } from '../generators/index.js'
import { UsageError } from './usage-error.js'

/** Directives whose argument is a password: shown without it, whatever the file. */
const PASSWORD_LINES =
  /^(\s*(?:masterauth|requirepass|tls-(?:client-)?key-file-pass|sentinel\s+(?:auth-pass\s+\S+|sentinel-pass))\s+).*$/gim

/**
 * What may be printed: files that everyone may read, and server configuration. Passwords, keys, environment
 * files and password hashes never reach a terminal, a pipe or a log of it.
 */
function isShowable({ path, mode }: PlannedFile): boolean {
  return (mode & 0o077) !== 0 || path.endsWith('.conf')
}

function shownText(text: string): string {
  // A file changed by hand may hold escape codes of a terminal.
  return text.replaceAll(PASSWORD_LINES, '$1[secret]').replaceAll(/[^\P{Cc}\n\t]/gu, '\uFFFD')
}

/**
 * The text of one file of the output, as it would be written.
 *
 * @throws {UsageError} for a name that is none, or whose content is secret
 */
export function textOf({ files }: GenerateResult, name: string): string {
  const file = files.find(({ path }) => path === name)
  if (file === undefined) {
    const names = files.filter(isShowable).map(({ path }) => path)
    throw new UsageError('--stdout names no file of the output', `it can show ${names.join(', ')}`)
  }
  if (isShowable(file)) return shownText(file.text)
  throw new UsageError(`${file.path} is secret, and is not printed`, 'run without --stdout to write it')
}

/** What a run would change, as a unified diff; secret files are named and not shown. */
export async function differences({ files }: GenerateResult): Promise<readonly string[]> {
  const changed = files.filter(({ state }) => state !== 'unchanged')
  return Promise.all(
    changed.map(async (file) => {
      if (!isShowable(file)) return `${file.state} ${file.path} (secret: not shown)`
      const before = await readFile(file.at, 'utf8').catch(() => '')
      const [old, now] = [shownText(before), shownText(file.text)]
      const from = before === '' ? '/dev/null' : `a/${file.path}`
      if (old === now) return `${file.state} ${file.path} (mode or owner, or a secret in it)`
      return coloured(createTwoFilesPatch(from, `b/${file.path}`, old, now, '', '', { context: 3 }).trimEnd())
    }),
  )
}

const COLOURS: readonly (readonly [RegExp, (text: string) => string])[] = [
  [/^(?:\+\+\+|---|===)/, pc.bold],
  [/^@@/, pc.cyan],
  [/^\+/, pc.green],
  [/^-/, pc.red],
]

function coloured(patch: string): string {
  const paint = (line: string): string => COLOURS.find(([pattern]) => pattern.test(line))?.[1](line) ?? line
  return patch.split('\n').map(paint).join('\n')
}
