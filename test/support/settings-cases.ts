import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { ConfigError, type ConfigProblem } from '../../lib/errors.js'
import type { SecureCacheOptions } from '../../lib/interface.js'
import { readSettings, type ReadInput } from '../../lib/settings/read.js'
import type { Settings } from '../../lib/settings/settings.js'

export const PASSWORD = 'Rk7-pines-Under-2-moons'
export const OTHER_PASSWORD = 'Zm4-stones-Above-9-seas'
export const KEY = randomBytes(32).toString('hex')
export const NOW = Date.UTC(2030, 0, 1)

/** The least that a production application needs. */
export const COMPLETE = {
  NODE_ENV: 'production',
  REDIS_CACHE_PASSWORD: PASSWORD,
  REDIS_ENCRYPTION_KEY: KEY,
} as const
export const DEVELOPMENT = { NODE_ENV: 'test', REDIS_DEV_MODE: 'true', REDIS_HOST: 'localhost' } as const

export type Env = Readonly<Record<string, unknown>>

export function read(env: Env | false, options?: SecureCacheOptions, more: ReadInput = {}): Settings {
  return readSettings({ env, options, now: () => NOW, ...more })
}

export function errorOf(env: Env | false, options?: unknown, more: ReadInput = {}): ConfigError {
  try {
    read(env, options as SecureCacheOptions, more)
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('the settings were accepted')
}

export function problems(
  env: Env | false,
  options?: unknown,
  more: ReadInput = {},
): readonly ConfigProblem[] {
  return errorOf(env, options, more).problems
}

/** Names of the problems; each message is searched for the word beside it. */
export function expectProblems(
  found: readonly ConfigProblem[],
  wanted: readonly (readonly [string, string])[],
): void {
  expect(found.map(({ name }) => name)).to.deep.equal(wanted.map(([name]) => name))
  for (const [index, [, word]] of wanted.entries()) expect(found[index]?.message).to.include(word)
}

export const warningsOf = (settings: Settings) => settings.warnings.map(({ variable }) => variable)
