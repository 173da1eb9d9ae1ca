import type { ConfigProblem } from '../errors.js'
import { readSecretFile } from './secret-file.js'
import type { SettingsWarning } from './settings.js'
import { synonymsOf, VARIABLE_NAMES, type VariableName } from './table.js'
import { isServiceLink } from './unknown-names.js'

/** Where settings come from: names and texts, such as `process.env`. */
export type Environment = Readonly<Record<string, unknown>>

/** One text, and where a person finds it. */
export interface Source {
  /** Absent where it could not be read. */
  readonly text: string | undefined
  /** `REDIS_PORT`, `REDIS_PASSWORD_FILE`, `options.redis.port`. */
  readonly label: string
  /** Options in code win over the environment. */
  readonly from: 'environment' | 'options'
  /** The text is the path of a file that holds the value. */
  readonly isPath?: true
  /** A second spelling that is set too. */
  readonly beside?: string | undefined
}

export type Sources = ReadonlyMap<VariableName, Source>

/** What was noticed on the way. */
export interface Findings {
  readonly problems: ConfigProblem[]
  readonly warnings: SettingsWarning[]
}

/** What the environment sets, by `NAME` or `NAME_FILE`. No file is opened yet: an option may make it needless. */
export function environmentSources(env: Environment, findings: Findings): Sources {
  const sources = new Map<VariableName, Source>()
  for (const name of VARIABLE_NAMES) {
    const spellings = [name, ...synonymsOf(name)].flatMap((spelling) => [spelling, `${spelling}_FILE`])
    const [label, beside] = spellings.filter((spelling) => isGiven(env, spelling, findings))
    if (label === undefined) continue
    const isPath = label.endsWith('_FILE') ? { isPath: true as const } : {}
    sources.set(name, { text: String(env[label]), label, from: 'environment', beside, ...isPath })
  }
  return sources
}

/**
 * The same with every path replaced by what the file holds. What cannot be read is a problem and keeps its
 * place, without a text, so that it is not reported as missing as well.
 */
export function readFiles(
  sources: Sources,
  { problems, warnings }: Findings,
  mayBeMissing: (name: VariableName) => boolean,
): Sources {
  const read = new Map<VariableName, Source>()
  for (const [name, source] of sources) {
    const { label, text, beside } = source
    const file = source.isPath && beside === undefined ? readSecretFile(text ?? '') : { text }
    if (beside !== undefined) {
      problems.push({ name: label, message: `${beside} is set as well. Keep one of the two.` })
      read.set(name, { ...source, text: undefined })
    } else if (!('failure' in file)) {
      if (file.text === '') warnings.push({ variable: label, message: EMPTY_FILE, insecure: false })
      else read.set(name, { ...source, text: file.text })
    } else if (!(file.missing && mayBeMissing(name))) {
      problems.push({ name: label, message: file.failure })
      read.set(name, { ...source, text: undefined })
    }
  }
  return read
}

const EMPTY_FILE = 'the file is empty: it counts as absent.'

function isGiven(env: Environment, name: string, { problems, warnings }: Findings): boolean {
  const value = Object.hasOwn(env, name) ? env[name] : undefined
  if (value === undefined || value === '') return false
  if (typeof value !== 'string') {
    problems.push({ name, message: 'expected a string, as every variable of an environment is.' })
    return false
  }
  if (isServiceLink(name, value)) {
    warnings.push({ variable: name, message: SERVICE_LINK_ADVICE, insecure: false })
    return false
  }
  return true
}

const SERVICE_LINK_ADVICE =
  'ignored: Kubernetes set it for a service of this name. Set enableServiceLinks: false in the pod; where the port is not 6379, set REDIS_URL.'
