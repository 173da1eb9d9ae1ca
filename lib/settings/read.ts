import { customCleanEnv, makeExactValidator, type ReporterOptions } from 'envalid'
import { ConfigError, type ConfigProblem } from '../errors.js'
import type { SecureCacheOptions } from '../interface.js'
import { assemble } from './assemble.js'
import { CONTRADICTIONS } from './contradictions.js'
import { PREFIX_REQUIREMENTS } from './extra-prefixes.js'
import { LEGACY_REQUIREMENTS } from './legacy-prefixes.js'
import { isGiven, labelOf, onRedis, type Draft, type Purpose } from './draft.js'
import { merge } from './merge.js'
import { NOT_YET } from './not-yet.js'
import { optionSources } from './options.js'
import { REQUIRED } from './required.js'
import type { Settings, SettingsWarning } from './settings.js'
import { environmentSources, readFiles, type Environment, type Sources } from './sources.js'
import { weakPasswords } from './strength.js'
import { SETTINGS, VARIABLE_NAMES, type Values, type VariableName } from './table.js'
import { unknownNames } from './unknown-names.js'
import { Refusal } from './validator.js'

/** What settings are made of. */
export interface ReadInput {
  /** Names and texts; `process.env` where absent, `false` for none. `options.env` counts where this is absent. */
  readonly env?: Environment | false | undefined
  readonly options?: SecureCacheOptions | undefined
  /** `generator` does not need the files of `REDIS_TLS_*_FILE` to exist: it makes them. */
  readonly purpose?: Purpose | undefined
  /** Options that the caller handles itself and has taken out: a misspelling may mean one of them. */
  readonly alsoKnown?: readonly string[] | undefined
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined
}

/**
 * Settings from environment and options, complete and deeply frozen.
 *
 * Throws one `ConfigError` with every problem found, each naming the variable or option, what is expected and
 * the remedy, never a value.
 */
export function readSettings(input: ReadInput = {}): Settings {
  const { options = {}, purpose = 'application', now = Date.now } = input
  const problems: ConfigProblem[] = []
  const warnings: SettingsWarning[] = []
  const env = environmentOf(input, problems)

  const fromOptions = optionSources(options, problems, input.alsoKnown)
  const merged = merge(environmentSources(env, { problems, warnings }), fromOptions.sources)
  const sources = readFiles(
    merged,
    { problems, warnings },
    (name) => purpose === 'generator' && 'file' in SETTINGS[name],
  )
  warnings.push(...unknownNames(env))
  const draft: Draft = {
    values: valuesOf(sources, problems),
    sources,
    environment: nodeEnvironment(env),
    purpose,
    onFailure: fromOptions.onFailure,
    now: now(),
  }
  problems.push(...disagreements(draft))
  if (problems.length > 0) throw configError(problems)
  return assemble(draft, warnings)
}

/** The files that settings come from (`NAME_FILE`), by their paths, in the order of the table. */
export function settingsFiles(input: Pick<ReadInput, 'env' | 'options'> = {}): readonly string[] {
  const unheard = { problems: [], warnings: [] }
  const sources = environmentSources(environmentOf(input, []), unheard)
  return [...sources.values()].flatMap(({ isPath, text }) => (isPath && text !== undefined ? [text] : []))
}

/**
 * Secrets of Redis and of encryption that the process's own environment holds as they are. It stays what it was when the
 * process began, whatever becomes of the file that it was made from (`node --env-file`), so nobody can read them anew.
 */
export function fixedSecrets(options: SecureCacheOptions): readonly string[] {
  if (options.env !== undefined) return []
  const sources = environmentSources(environmentOf({}, []), { problems: [], warnings: [] })
  return [...sources].flatMap(([name, { isPath, label }]) =>
    isPath !== true && name.startsWith('REDIS_') && 'secret' in SETTINGS[name] ? [label] : [],
  )
}

function environmentOf({ env, options }: ReadInput, problems: ConfigProblem[]): Environment {
  const given: unknown = env ?? options?.env ?? process.env
  if (given === false) return {}
  if (typeof given === 'object' && given !== null) return given as Environment
  problems.push({ name: 'options.env', message: 'expected an object of texts, or false for none.' })
  return {}
}

const ENVIRONMENTS: ReadonlyMap<unknown, Settings['environment']> = new Map([
  ['production', 'production'],
  // Not what Node's tools look for, but nobody writes it for anything less protected.
  ['prod', 'production'],
  ['development', 'development'],
  ['test', 'test'],
])

/**
 * NODE_ENV says what this process is, so it is read from the process where the given environment is silent:
 * `env: false` must not be a way round what production refuses.
 */
function nodeEnvironment(env: Environment): Settings['environment'] {
  const given = (Object.hasOwn(env, 'NODE_ENV') ? env['NODE_ENV'] : undefined) ?? process.env['NODE_ENV']
  return ENVIRONMENTS.get(typeof given === 'string' ? given.trim().toLowerCase() : given) ?? 'other'
}

/** Every text through its validator; what is refused becomes a problem and counts as its default. */
function valuesOf(sources: Sources, problems: ConfigProblem[]): Values {
  const texts = Object.fromEntries([...sources].map(([name, { text }]) => [name, text]))
  return customCleanEnv(texts, SPECS, (values) => ({ ...DEFAULTS, ...values }) as unknown as Values, {
    // envalid's own reporter prints and exits, and its messages echo values.
    reporter: ({ errors }: ReporterOptions<unknown>) => {
      for (const [name, error] of Object.entries(errors) as [VariableName, Error][]) {
        const message =
          error instanceof Refusal ? error.message : `expected ${SETTINGS[name].validator.expected}`
        problems.push({
          name: sources.get(name)?.label ?? name,
          message: `${message}. ${SETTINGS[name].remedy}`,
        })
      }
    },
  })
}

const DEFAULTS = Object.fromEntries(VARIABLE_NAMES.map((name) => [name, SETTINGS[name].default]))

const SPECS = Object.fromEntries(
  VARIABLE_NAMES.map((name) => {
    const { validator, meaning } = SETTINGS[name]
    return [
      name,
      makeExactValidator<unknown>(validator.parse)({ default: SETTINGS[name].default, desc: meaning }),
    ]
  }),
)

function disagreements(draft: Draft): readonly ConfigProblem[] {
  const broken = [
    ...REQUIRED,
    ...CONTRADICTIONS,
    ...PREFIX_REQUIREMENTS,
    ...LEGACY_REQUIREMENTS,
    ...NOT_YET,
  ].filter((requirement) => requirement.broken(draft))
  // Passwords of a backend that is not used, or of development, are worth a warning alone.
  const judged = onRedis(draft) && !draft.values.REDIS_DEV_MODE
  return [
    ...broken.map(({ on, message }) => ({
      name: labelOf(draft, on.find((name) => isGiven(draft, name)) ?? on[0]),
      message: typeof message === 'string' ? message : message(draft),
    })),
    ...(judged ? weakPasswords(draft) : []).map(({ variable, message }) => ({ name: variable, message })),
  ]
}

function configError(problems: readonly ConfigProblem[]): ConfigError {
  const code = problems.every(({ name }) => name.startsWith('options'))
    ? 'ERR_CONFIG_OPTION'
    : 'ERR_CONFIG_INVALID'
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  const lines = problems.map(({ name, message }) => `  ${name}: ${message}`)
  return new ConfigError(code, `the settings cannot be used (${count}):\n${lines.join('\n')}`, problems)
}
