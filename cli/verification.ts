import { stat } from 'node:fs/promises'
import writeFileAtomic from 'write-file-atomic'
import { ConfigError } from '../lib/errors.js'
import { readSettings } from '../lib/settings/read.js'
import { checklist, isFit, type ChecklistLine } from '../lib/verify/checklist.js'
import type { Evidence, Surroundings } from '../lib/verify/evidence.js'
import { codeOf, hasSettings, loadEnvironment, type Environment } from './environment.js'
import { DEFAULT_SETTINGS_FILE } from './output-options.js'
import { print, QuietFailure, say } from './report.js'
import { UsageError } from './usage-error.js'
import type { VerifyOptions } from './verify.js'

/**
 * Tries passwords, environment, connectivity, TLS, encryption, access and monitoring of a running setup over
 * real connections, writes down what was found, and prints eight lines. No secret is in any of them.
 *
 * @throws {UsageError} without any setting to verify
 * @throws {QuietFailure} where a line fails or nothing is known: the exit code is 1
 */
export async function verify(options: VerifyOptions): Promise<void> {
  const environment = await loadEnvironment(options.settings)
  if (!hasSettings(environment)) {
    throw new UsageError('there are no settings to verify', 'name an environment file with --settings')
  }
  const lines = checklist(await gather(environment, options.settings ?? DEFAULT_SETTINGS_FILE))
  const all = [...lines, await recorded(options.record, lines)]
  print(options.json === true ? JSON.stringify({ fit: isFit(all), lines: all }, null, 2) : format(all))
  const counts = (['fail', 'unknown', 'warn'] as const).map(
    (state) => `${all.filter((line) => line.state === state).length} ${state}`,
  )
  say(`${all.length} lines: ${counts.join(', ')}`)
  if (!isFit(all)) throw new QuietFailure()
}

async function gather(environment: Environment, settingsFile: string): Promise<Evidence> {
  const around: Surroundings = {
    trustsAnybody: environment['NODE_TLS_REJECT_UNAUTHORIZED'] === '0',
    settingsFileMode: await modeOf(settingsFile),
  }
  try {
    const settings = readSettings({ env: environment })
    // Loaded when it runs: --help needs no Redis.
    const { lookAtSetup } = await import('../lib/verify/look.js')
    return { ...around, seen: await lookAtSetup(settings) }
  } catch (error) {
    if (error instanceof ConfigError) return { ...around, problems: error.problems }
    throw error
  }
}

async function modeOf(path: string): Promise<number | undefined> {
  // On Windows the bits are made up.
  if (process.platform === 'win32') return undefined
  return stat(path).then(
    ({ mode }) => mode & 0o777,
    () => undefined,
  )
}

/** The last line: a deployment that nobody wrote down is one that nobody can compare with. */
async function recorded(path: string, lines: readonly ChecklistLine[]): Promise<ChecklistLine> {
  const record = { at: new Date().toISOString(), fit: isFit(lines), lines }
  try {
    await writeFileAtomic(path, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 })
    return { id: 'documentation', state: 'pass', observed: 'what was found is written down', remedy: null }
  } catch (error) {
    return {
      id: 'documentation',
      state: 'fail',
      observed: `what was found could not be written down (${codeOf(error)})`,
      remedy: 'name a file that can be written: --record <file>',
    }
  }
}

function format(lines: readonly ChecklistLine[]): string {
  return lines
    .flatMap(({ id, state, observed, remedy }) => [
      `${state.padEnd(8)}${id.padEnd(14)}${oneLine(observed)}`,
      ...(remedy === null ? [] : [`${' '.repeat(8)}remedy: ${oneLine(remedy)}`]),
    ])
    .join('\n')
}

/** Part of what was observed is another's word. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
}
