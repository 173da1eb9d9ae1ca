import { settingsHelp, type SettingHelp } from '../../lib/settings/schema.js'
import { PUBLIC, type OutputFile } from '../folder.js'
import { commentText } from '../quoting.js'

export const SNIPPETS_FILE = '.vscode/secure-cache.code-snippets'

/**
 * Every setting as a snippet for .env files: type its name, get the line, with its explanation beside it. It is what
 * editors offer for this format without another extension.
 */
export function snippetsFile(command: string): OutputFile {
  const snippets = Object.fromEntries(
    settingsHelp()
      .flatMap((help) => linesOf(help).map((line) => ({ ...line, description: help.description })))
      .map(({ name, body, description }) => [name, { scope: 'dotenv', prefix: name, body, description }]),
  )
  const text = `// Written by: ${commentText(command)}\n${JSON.stringify(snippets, null, 2)}\n`
  return { path: SNIPPETS_FILE, text, mode: PUBLIC }
}

/** The variable, and where its value is secret or long, the variable that names its file. */
function linesOf(help: SettingHelp): readonly { readonly name: string; readonly body: string }[] {
  const { name, inFile } = help
  const line = { name, body: `${name}=${valueOf(help)}` }
  return inFile ? [{ name: `${name}_FILE`, body: `${name}_FILE=$1` }, line] : [line]
}

/** In the syntax of snippets: a choice where there are few words, else what to begin with. */
function valueOf({ words, example }: SettingHelp): string {
  if (words !== undefined) return `\${1|${words.map(escaped).join(',')}|}`
  return example === undefined ? '$1' : `\${1:${escaped(example)}}`
}

function escaped(text: string): string {
  return text.replaceAll(/[\\$},|]/g, String.raw`\$&`)
}
