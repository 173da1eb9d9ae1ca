import { ConfigError } from '../lib/errors.js'
import { readSettings } from '../lib/settings/read.js'
import type { Settings } from '../lib/settings/settings.js'
import { readSettingsFile, type Environment } from './environment.js'
import { DEFAULT_SETTINGS_FILE } from './output-options.js'
import { say } from './report.js'

/**
 * Settings of an environment. What cannot be used is said at its line of the environment file as well, in the form
 * that editors read; what stands elsewhere has no line.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID with all problems
 */
export async function settingsOf(
  environment: Environment,
  settingsFile: string = DEFAULT_SETTINGS_FILE,
): Promise<Settings> {
  try {
    return readSettings({ env: environment, purpose: 'generator' })
  } catch (error) {
    if (error instanceof ConfigError) {
      const lines = ((await readSettingsFile(settingsFile)) ?? '').split('\n')
      for (const { name, message } of error.problems) {
        const place = placeOf(name, lines)
        if (place !== undefined) say(`${settingsFile}:${place}: error: ${name} ${message}`)
      }
    }
    throw error
  }
}

/** `line:column` of the assignment that counts: the last one. */
function placeOf(name: string, lines: readonly string[]): string | undefined {
  const index = lines.findLastIndex(
    (line) => assigned(line)?.replace(/_FILE$/, '') === name.replace(/_FILE$/, ''),
  )
  const line = lines[index]
  return line === undefined ? undefined : `${index + 1}:${line.search(/\S/) + 1}`
}

function assigned(line: string): string | undefined {
  return /^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=/.exec(line)?.[1]
}
