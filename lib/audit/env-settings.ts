import { statSync } from 'node:fs'

import { ConfigError } from '../errors.js'
import { passwordWeakness } from '../settings/passwords.js'
import { readSettings } from '../settings/read.js'
import { isVariableName, SETTINGS } from '../settings/table.js'
import type { Remark } from './facts.js'
import { envValue, type EnvFile } from './formats/dotenv.js'
import { startOf } from './position.js'

/** Names by which an environment file shows that it is meant for us. */
const OURS = /^(?:REDIS|CACHE|SECURITY)_/

/** What the settings themselves would say to each environment file: problems as errors, warnings as such. */
export function readEnvironments(envs: readonly EnvFile[]): readonly Remark[] {
  return envs.filter(({ variables }) => variables.some(({ name }) => OURS.test(name))).flatMap(remarksOn)
}

function remarksOn(env: EnvFile): readonly Remark[] {
  const given = Object.fromEntries(env.variables.map(({ name, value }) => [name, value]))
  // Paths of a container do not exist here; what they hold cannot be judged, nor what is missing beside it.
  const elsewhere = Object.keys(given).filter((name) => name.endsWith('_FILE') && !isFileHere(given[name]))
  for (const name of elsewhere) delete given[name]
  const judged = ({ name }: { name: string }): boolean =>
    (elsewhere.length === 0 || Object.hasOwn(given, name)) && !isWeakPassword(name, given[name])
  const remark = (level: Remark['level'], name: string, message: string): Remark => ({
    at: envValue(env, name)?.at ?? startOf(env.path),
    level,
    message: `${name}: ${message}`,
  })
  try {
    const { warnings } = readSettings({ env: { NODE_ENV: 'other', ...given }, purpose: 'generator' })
    return warnings.map(({ variable, message, insecure }) =>
      remark(insecure ? 'warning' : 'info', variable, message),
    )
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.filter(judged).map(({ name, message }) => remark('error', name, message))
  }
}

/** A password that is too weak has a rule of its own, AUT-006. */
function isWeakPassword(name: string, value: string | undefined): boolean {
  const strong = isVariableName(name) && 'strong' in SETTINGS[name]
  return strong && value !== undefined && value !== '' && passwordWeakness(value) !== undefined
}

function isFileHere(path: string | undefined): boolean {
  try {
    return path !== undefined && statSync(path).isFile()
  } catch {
    return false
  }
}
