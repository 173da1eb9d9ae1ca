import { parse } from 'dotenv'
import { readSettingsFile } from './environment.js'
import { replaceFile } from './replaced-file.js'
import { UsageError } from './usage-error.js'

/**
 * Changes variables in an environment file, or adds them, and nothing else of it: comments, order and the other
 * values stay. The file is replaced whole, for the same readers.
 *
 * @throws {UsageError} for a file in which that cannot be done without touching something else
 */
export async function writeVariables(path: string, values: ReadonlyMap<string, string>): Promise<void> {
  if (values.size === 0) return
  const before = (await readSettingsFile(path)) ?? ''
  let text: string | undefined = before
  for (const [name, value] of values) {
    text = text === undefined ? undefined : withLine(text, name, value)
  }
  const expected = { ...parse(before), ...Object.fromEntries(values) }
  const found = parse(text ?? '')
  // An odd file (a value over several lines, a name twice) is for its owner to change.
  if (text === undefined || Object.entries(expected).some(([name, value]) => found[name] !== value)) {
    throw new UsageError(
      `${path} cannot be changed without touching something else`,
      `write ${[...values.keys()].join(' and ')} once each, on a line of its own`,
    )
  }
  await replaceFile(path, text)
}

/** The text with this line; `undefined` where the present value does not stand on one line alone. */
function withLine(text: string, name: string, value: string): string | undefined {
  const line = `${name}=${value}`
  const present = new RegExp(String.raw`^[ \t]*(?:export[ \t]+)?${name}[ \t]*=.*$`, 'm')
  const [found] = present.exec(text) ?? []
  if (found === undefined) return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`
  return parse(found)[name] === parse(text)[name] ? text.replace(present, () => line) : undefined
}
