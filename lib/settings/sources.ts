import type { ConfigProblem } from '../errors.js'
import { readSecretFile } from './secret-file.js'
import type { SettingsWarning } from './settings.js'
import { SETTINGS, VARIABLE_NAMES, type VariableName } from './table.js'
import { isServiceLink, unknownNames } from './unknown-names.js'

/** Where settings come from: names and texts, such as `process.env`. */
export type Environment = Readonly<Record<string, unknown>>

/** One text, and where a person finds it. */
export interface Source {
  readonly text: string
  /** `REDIS_PORT`, `REDIS_PASSWORD_FILE`, `options.redis.port`. */
  readonly label: string
  /** Options in code win over the environment. */
  readonly from: 'environment' | 'options'
}

export type Sources = ReadonlyMap<VariableName, Source>

export interface Findings {
  readonly problems: ConfigProblem[]
  readonly warnings: SettingsWarning[]
}

/** The texts of the environment: `NAME`, or the content of the file that `NAME_FILE` names. */
export function environmentSources(
  env: Environment,
  { problems, warnings }: Findings,
  mayBeMissing: (name: VariableName) => boolean,
): Map<VariableName, Source> {
  const sources = new Map<VariableName, Source>()
  for (const name of VARIABLE_NAMES) {
    const spellings = [name, ...synonymsOf(name)].flatMap((spelling) => [spelling, `${spelling}_FILE`])
    const given = spellings.filter((spelling) => isGiven(env, spelling, { problems, warnings }))
    const [label, second] = given
    if (label === undefined) continue
    if (second !== undefined) {
      problems.push({ name: label, message: `${second} is set as well. Keep one of the two.` })
      continue
    }
    const text = String(env[label])
    if (!label.endsWith('_FILE')) {
      sources.set(name, { text, label, from: 'environment' })
      continue
    }
    const file = readSecretFile(text)
    if ('text' in file && file.text !== '') {
      sources.set(name, { text: file.text, label, from: 'environment' })
    } else if ('failure' in file && !(file.missing && mayBeMissing(name))) {
      problems.push({ name: label, message: file.failure })
    }
  }
  warnings.push(...unknownNames(Object.keys(env)))
  return sources
}

function isGiven(env: Environment, name: string, { problems, warnings }: Findings): boolean {
  const value = Object.hasOwn(env, name) ? env[name] : undefined
  if (value === undefined || value === '') return false
  if (typeof value !== 'string') {
    problems.push({ name, message: 'expected text, as every variable of an environment is.' })
    return false
  }
  if (isServiceLink(name, value)) {
    warnings.push({
      variable: name,
      message:
        'ignored: Kubernetes set it for a service of this name (service links). Set enableServiceLinks: false in the pod, or set the port by REDIS_URL.',
      insecure: false,
    })
    return false
  }
  return true
}

function synonymsOf(name: VariableName): readonly string[] {
  const row = SETTINGS[name]
  return 'synonym' in row && row.synonym !== undefined ? [row.synonym] : []
}
