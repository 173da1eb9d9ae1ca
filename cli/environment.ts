import { readFile } from 'node:fs/promises'
import { parse } from 'dotenv'
import { isVariableName } from '../lib/settings/table.js'
import { DEFAULT_SETTINGS_FILE } from './output-options.js'
import { UsageError } from './usage-error.js'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The process's environment over that of an environment file, as `node --env-file` ranks them. The library
 * reads no such file itself; its command line does.
 *
 * @throws {UsageError} for a file that was named and is not there
 */
export async function loadEnvironment(settingsFile: string | undefined): Promise<Environment> {
  const text = await readSettingsFile(settingsFile ?? DEFAULT_SETTINGS_FILE)
  if (text === undefined && settingsFile !== undefined) {
    throw new UsageError('the environment file does not exist', 'check --settings, or run secure-cache init')
  }
  return overlay(text === undefined ? {} : parse(text))
}

/** True where at least one of our settings is given, as itself or as `…_FILE`. */
export function hasSettings(environment: Environment): boolean {
  return Object.entries(environment).some(
    ([name, value]) => value !== undefined && value !== '' && isVariableName(name.replace(/_FILE$/, '')),
  )
}

/** The text of an environment file; undefined where there is none. */
export async function readSettingsFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT') return undefined
    throw new UsageError(`${path} cannot be read (${code})`, 'check its path, owner and mode')
  }
}

/** The code of a failed file operation, such as `EACCES`. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}

function overlay(fromFile: Environment): Environment {
  // oxlint-disable-next-line node/no-process-env -- the command line loads .env, and the process wins over it.
  return { ...fromFile, ...process.env }
}
