import type { Validator } from './validator.js'

/** Sections of docs/configuration.md and .env.example, in this order. */
export const GROUPS = {
  backend: 'Where values rest',
  address: 'Address of Redis',
  login: 'Login',
  tls: 'TLS',
  encryption: 'Encryption of values',
  cache: 'Cache',
  mode: 'Development mode',
  server: 'Generated Redis configuration',
  migration: 'Reading older data and hiding key names',
  status: 'Status, monitoring and alerts',
  unsafe: 'Ways round the protection',
} as const

export type Group = keyof typeof GROUPS

export const GENERATE_PASSWORD = 'Generate one: openssl rand -hex 24.'
export const GENERATE_KEY = 'Generate one: openssl rand -hex 32.'

/** One row of the table. `D` is `undefined` where the variable has no default. */
export interface Variable<T = unknown, D extends T | undefined = T | undefined> {
  readonly group: Group
  readonly validator: Validator<T>
  readonly default: D
  /** How the default reads in documents, where it is more than its value. */
  readonly defaultText?: string
  /** What it is for: one or two sentences, for documents. */
  readonly meaning: string
  /** A value that is accepted; for a secret, a placeholder that is not. */
  readonly example: string
  /** What to do when it is missing or wrong, as a sentence. */
  readonly remedy: string
  /** Never shown, not even in part. */
  readonly secret?: true
  /** Judged for length and published defaults, outside development mode. */
  readonly strong?: true
  /** Every real deployment sets it: .env.example has it ready to be filled in. */
  readonly needed?: true
  /** Documents show it as `NAME_FILE`. */
  readonly file?: true
  /** Its mere use is a critical warning with this text. */
  readonly insecure?: string
  /** Another accepted name. */
  readonly synonym?: string
}

/** Keeps the types of validator and default, which a plain annotation would widen. */
export function variable<T, const D extends T | undefined>(row: Variable<T, D>): Variable<T, D> {
  return row
}
