import { SETTINGS, synonymsOf, VARIABLE_NAMES, type VariableName } from './table.js'

/** One variable, as an editor shows it. */
export interface SettingHelp {
  readonly name: string
  /** What it is for and what is accepted, as text. */
  readonly description: string
  /** Where only a few words are accepted: these. */
  readonly words?: readonly string[] | undefined
  /** A value to begin with; absent where it is a secret, or a file. */
  readonly example?: string | undefined
  /** Whether it is better given as `NAME_FILE`: secrets, and what has many lines. */
  readonly inFile: boolean
}

/** Every variable of the one table, for completion and hover in editors. */
export function settingsHelp(): readonly SettingHelp[] {
  return VARIABLE_NAMES.map((name) => {
    const row = SETTINGS[name]
    const secret = 'secret' in row
    return {
      name,
      description: [
        row.meaning,
        `Expected: ${row.validator.expected}.`,
        `Default: ${defaultOf(name)}.`,
        ...('insecure' in row && row.insecure !== undefined ? [`Insecure: ${row.insecure}.`] : []),
        ...(secret ? [`${row.remedy.replace(/\.$/, '')}; better in a file that ${name}_FILE names.`] : []),
      ].join('\n\n'),
      words: row.validator.words,
      example: secret || row.example.startsWith('<') || 'file' in row ? undefined : row.example,
      inFile: secret || 'file' in row,
    }
  })
}

/**
 * A JSON Schema (draft 7, which editors read) for settings kept as one object of texts, the shape of the option
 * `env`: completion, hover, and a warning for unknown names, for one given twice and for words that no variable
 * takes. Everything finer is for the reader of the settings, which runs at the start.
 */
export function settingsSchema(): object {
  const help = settingsHelp()
  const properties = help.flatMap(({ name, description, words, example }) => [
    [
      name,
      {
        type: 'string',
        description,
        ...(words === undefined ? {} : { anyOf: [{ enum: words }, { pattern: anyCase(words) }] }),
        ...(example === undefined ? {} : { examples: [example] }),
      },
    ],
    [
      `${name}_FILE`,
      { type: 'string', description: `Path of a file that holds the value of ${name}.\n\n${description}` },
    ],
    ...synonymsOf(name as VariableName).map((synonym) => [
      synonym,
      { type: 'string', description: `Another name of ${name}.\n\n${description}` },
    ]),
  ])
  const names = properties.map(([name]) => name)
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Settings of express-secure-cache',
    type: 'object',
    properties: Object.fromEntries(properties) as object,
    // Other programs' variables may stand beside ours; a name that begins like ours is a misspelling.
    propertyNames: { anyOf: [{ enum: names }, { not: { pattern: '^(?:REDIS|CACHE|SECURITY)_' } }] },
    allOf: help.map(({ name }) => ({ not: { required: [name, `${name}_FILE`] } })),
  }
}

function defaultOf(name: VariableName): string {
  const row = SETTINGS[name]
  if ('defaultText' in row && row.defaultText !== undefined) return row.defaultText
  if (row.default === undefined) return 'none'
  return typeof row.default === 'object' ? row.example : String(row.default)
}

/** Words in any case, with white space around them: what the validators accept. */
function anyCase(words: readonly string[]): string {
  const word = (text: string): string =>
    text.replaceAll(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`)
  return String.raw`^\s*(?:${words.map(word).join('|')})\s*$`
}
