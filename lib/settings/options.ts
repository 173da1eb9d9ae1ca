import type { ConfigProblem } from '../errors.js'
import type { Logger } from '../interface.js'
import type { Source, Sources } from './sources.js'
import type { VariableName } from './table.js'
import { nearest, printable } from './unknown-names.js'

/** One option that stands for a variable. The rest of the options have their own checks below. */
interface OptionRow {
  readonly path: string
  readonly variable: VariableName
  readonly kind: 'string' | 'number' | 'boolean' | 'strings' | 'ttl'
}

export const OPTIONS: readonly OptionRow[] = [
  { path: 'backend', variable: 'CACHE_BACKEND', kind: 'string' },
  { path: 'redis.url', variable: 'REDIS_URL', kind: 'string' },
  { path: 'redis.host', variable: 'REDIS_HOST', kind: 'string' },
  { path: 'redis.port', variable: 'REDIS_PORT', kind: 'number' },
  { path: 'redis.username', variable: 'REDIS_CACHE_USERNAME', kind: 'string' },
  { path: 'redis.password', variable: 'REDIS_CACHE_PASSWORD', kind: 'string' },
  { path: 'redis.tls', variable: 'REDIS_TLS_ENABLED', kind: 'boolean' },
  { path: 'redis.tls.ca', variable: 'REDIS_TLS_CA', kind: 'string' },
  { path: 'redis.tls.cert', variable: 'REDIS_TLS_CERT', kind: 'string' },
  { path: 'redis.tls.key', variable: 'REDIS_TLS_KEY', kind: 'string' },
  { path: 'redis.tls.servername', variable: 'REDIS_TLS_SERVERNAME', kind: 'string' },
  { path: 'encryption.key', variable: 'REDIS_ENCRYPTION_KEY', kind: 'string' },
  { path: 'encryption.acceptedKeys', variable: 'REDIS_ENCRYPTION_ACCEPTED_KEYS', kind: 'strings' },
  { path: 'encryption.passphrase', variable: 'REDIS_ENCRYPTION_PASSPHRASE', kind: 'string' },
  { path: 'keyPrefix', variable: 'REDIS_KEY_PREFIX', kind: 'string' },
  { path: 'ttl', variable: 'CACHE_TTL', kind: 'ttl' },
  { path: 'timeoutMs', variable: 'CACHE_TIMEOUT_MS', kind: 'number' },
  { path: 'maxValueBytes', variable: 'CACHE_MAX_VALUE_BYTES', kind: 'number' },
]

/** How each kind is told and turned into the text that the variable's validator reads. */
const KINDS: Readonly<
  Record<OptionRow['kind'], { expected: string; text: (value: unknown) => string | undefined }>
> = {
  string: { expected: 'a string', text: (value) => (typeof value === 'string' ? value : undefined) },
  number: { expected: 'a number', text: (value) => (typeof value === 'number' ? String(value) : undefined) },
  boolean: {
    expected: 'true, false or an object with ca, cert, key, servername',
    // Giving certificates asks for TLS.
    text: (value) => (typeof value === 'boolean' ? String(value) : isRecord(value) ? 'true' : undefined),
  },
  strings: {
    expected: 'an array of strings',
    text: (value) =>
      Array.isArray(value) && value.every((entry) => typeof entry === 'string') ? value.join(',') : undefined,
  },
  ttl: {
    expected: "seconds above 0 (at most 10 years), '90s', '15m', '2h', '7d', or null",
    text: (value) =>
      value === null
        ? 'none'
        : typeof value === 'number' || (typeof value === 'string' && /[smhd]$/.test(value))
          ? String(value)
          : undefined,
  },
}

const GROUPS: readonly string[] = ['redis', 'redis.tls', 'encryption']
const OTHERS: readonly string[] = ['env', 'onFailure', 'logger']

/** What the options say beside the texts that stand for variables. */
export interface ReadOptions {
  readonly sources: Sources
  readonly onFailure: 'degrade' | 'throw'
}

/**
 * Checks the options as they arrive from a program without types. `alsoKnown` are options that the caller
 * handles itself and has taken out already; they serve the suggestions alone.
 */
export function optionSources(
  options: unknown,
  problems: ConfigProblem[],
  alsoKnown: readonly string[] = [],
): ReadOptions {
  const sources = new Map<VariableName, Source>()
  if (!isRecord(options)) {
    problems.push({ name: 'options', message: 'expected an object.' })
    return { sources, onFailure: 'degrade' }
  }
  problems.push(...unknownOptions(options, alsoKnown))
  for (const { path, variable, kind } of OPTIONS) {
    const value = valueAt(options, path)
    if (value === undefined) continue
    const text = KINDS[kind].text(value)
    const label = `options.${path}`
    if (text === undefined) problems.push({ name: label, message: `expected ${KINDS[kind].expected}.` })
    else if (text === '')
      problems.push({
        name: label,
        message: 'expected a text that is not empty. Leave the option out for the default.',
      })
    else sources.set(variable, { text, label, from: 'options' })
  }
  return { sources, onFailure: onFailureOf(options['onFailure'], problems, options['logger']) }
}

function onFailureOf(value: unknown, problems: ConfigProblem[], logger: unknown): 'degrade' | 'throw' {
  if (logger !== undefined && logger !== false && !isLogger(logger)) {
    problems.push({
      name: 'options.logger',
      message: 'expected an object with info, warn and error, or false.',
    })
  }
  if (value === undefined || value === 'degrade' || value === 'throw') return value ?? 'degrade'
  problems.push({ name: 'options.onFailure', message: "expected 'degrade' or 'throw'." })
  return 'degrade'
}

function unknownOptions(
  options: Readonly<Record<string, unknown>>,
  alsoKnown: readonly string[],
): ConfigProblem[] {
  const known = [...OPTIONS.map((row) => row.path), ...GROUPS, ...OTHERS, ...alsoKnown]
  return ['', ...GROUPS].flatMap((group) => {
    const prefix = group === '' ? '' : `${group}.`
    const record = group === '' ? options : valueAt(options, group)
    if (record === undefined || (group === 'redis.tls' && !isRecord(record))) return []
    if (!isRecord(record)) return [{ name: `options.${group}`, message: 'expected an object.' }]
    return Object.keys(record)
      .filter((name) => !known.includes(`${prefix}${name}`) || name.includes('.'))
      .map((name) => {
        const near = known.find((path) => path.endsWith(`.${name}`)) ?? nearest(`${prefix}${name}`, known)
        const advice = near === undefined ? `known are ${siblings(known, prefix)}` : `did you mean ${near}?`
        return { name: `options.${prefix}${printable(name)}`, message: `unknown option: ${advice}` }
      })
  })
}

function siblings(known: readonly string[], prefix: string): string {
  return known
    .filter((path) => path.startsWith(prefix) && !path.slice(prefix.length).includes('.'))
    .map((path) => path.slice(prefix.length))
    .join(', ')
}

/** Own properties alone: what an object inherits was not written by the caller. */
function valueAt(options: Readonly<Record<string, unknown>>, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, name) => (isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined),
      options,
    )
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isLogger(value: unknown): value is Logger {
  return isRecordLike(value) && ['info', 'warn', 'error'].every((name) => typeof value[name] === 'function')
}

function isRecordLike(value: unknown): value is Readonly<Record<string, unknown>> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}
