import { parse } from 'dotenv'
import writeFileAtomic from 'write-file-atomic'
import { generateConfig, initialEnvironment } from '../generators/index.js'
import { readSettings } from '../lib/settings/read.js'
import { SETTINGS } from '../lib/settings/table.js'
import { codeOf, readSettingsFile } from './environment.js'
import { generateAndReport, projectOf } from './generated-output.js'
import { DEFAULT_SETTINGS_FILE, type OutputOptions } from './output-options.js'
import { print, say } from './report.js'
import { UsageError } from './usage-error.js'

export interface InitOptions extends OutputOptions {
  readonly dryRun?: boolean | undefined
  readonly host?: string | undefined
  readonly port?: string | undefined
  readonly profile?: string | undefined
  readonly maxMemory?: string | undefined
  readonly keyPrefix?: string | undefined
  /** Asks nothing. */
  readonly yes?: boolean | undefined
}

/** The name of the service in the Compose file, and this machine. */
const HOST_OF = { container: 'redis', local: '127.0.0.1' } as const
const DEFAULT_PORT = '6379'

/**
 * Writes the environment file (0600, never over an existing one) and the configuration.
 *
 * @throws {UsageError} where the environment file exists
 */
export async function initialise(options: InitOptions): Promise<void> {
  const { out, target, settings: settingsFile = DEFAULT_SETTINGS_FILE, host = HOST_OF[target] } = options
  await refuseExisting(options)
  const text = await initialEnvironment({
    host,
    port: portOf(options.port),
    out,
    server: serverSettings(options),
  })
  const environment = parse(text)
  // Whatever is in the way shows now, before the first file is written.
  const settings = readSettings({ env: environment, purpose: 'generator' })
  await generateConfig({ settings, out, target, dryRun: true, project: projectOf(options) })
  print(`created ${settingsFile}`)
  if (options.dryRun !== true) {
    await writeSettingsFile(settingsFile, text)
    say(`wrote new secrets to ${settingsFile}, readable by you alone`)
    if (!(await isIgnored(settingsFile)))
      say(`note: add ${settingsFile} to .gitignore, so that it never gets into a repository`)
  }
  await generateAndReport(environment, { ...options, settings: settingsFile })
}

/**
 * An environment file holds secrets that nothing else has: it is never overwritten.
 *
 * @throws {UsageError} where there is one
 */
export async function refuseExisting({ settings = DEFAULT_SETTINGS_FILE }: InitOptions): Promise<void> {
  if ((await readSettingsFile(settings)) === undefined) return
  throw new UsageError(
    `${settings} exists, and is not overwritten`,
    'generate-config uses the settings in it; --settings <file> makes another one',
  )
}

/** What differs from the defaults, so that later defaults apply to the rest. */
function serverSettings({ profile, maxMemory, keyPrefix }: InitOptions): Readonly<Record<string, string>> {
  const rows: readonly (readonly [name: string, value: string | undefined, usual: string])[] = [
    ['REDIS_KEY_PREFIX', keyPrefix, SETTINGS.REDIS_KEY_PREFIX.default],
    ['REDIS_PROFILE', profile, SETTINGS.REDIS_PROFILE.default],
    ['REDIS_MAX_MEMORY', maxMemory, SETTINGS.REDIS_MAX_MEMORY.default.text],
  ]
  return Object.fromEntries(
    rows.flatMap(([name, value, usual]) => (value === undefined || value === usual ? [] : [[name, value]])),
  )
}

async function writeSettingsFile(path: string, text: string): Promise<void> {
  try {
    await writeFileAtomic(path, text, { mode: 0o600 })
  } catch (error) {
    throw new UsageError(
      `${path} cannot be written (${codeOf(error)})`,
      'check its folder, owner and free space',
    )
  }
}

/** A look at the plain lines of .gitignore; a pattern that covers it in another way only costs a note. */
async function isIgnored(path: string): Promise<boolean> {
  const lines = ((await readSettingsFile('.gitignore')) ?? '').split(/\r?\n/)
  return ['', '/'].some((slash) =>
    [path, '.env*', '*.env'].some((pattern) => lines.includes(`${slash}${pattern}`)),
  )
}

function portOf(text: string = DEFAULT_PORT): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= 65_535) return port
  throw new UsageError('--port must be a number from 1 to 65535', 'leave it away for 6379')
}
