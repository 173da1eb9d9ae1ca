import { access } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { passwordPath, passwordVariable } from '../generators/password-set.js'
import { KeyRing } from '../lib/crypto/key-ring.js'
import { Migration } from '../lib/migration/migration.js'
import type { RunEvent } from '../lib/migration/runner.js'
import { readSettings } from '../lib/settings/read.js'
import { Secret } from '../lib/settings/secret.js'
import type { Settings, UserRole } from '../lib/settings/settings.js'
import { loadEnvironment, readSettingsFile, type Environment } from './environment.js'
import type { ChangingOptions, MigrationCommandOptions, ServerOptions } from './migration-options.js'
import { UsageError } from './usage-error.js'

const POLL_MS = 250

/** Roles that a migration makes users for. */
const ROLES: readonly UserRole[] = [
  'admin',
  'cache',
  'maintenance',
  'operator',
  'health',
  'monitor',
  'auditor',
]

/** The migration that settings, options and, once it has begun, its journal describe. */
export async function openMigration(
  options: MigrationCommandOptions & Partial<ChangingOptions>,
  { tell, signal }: { readonly tell: (event: RunEvent) => void; readonly signal?: AbortSignal | undefined },
): Promise<Migration> {
  const settings = await readServerSettings(options)
  if (settings.encryption.key === undefined) {
    throw new UsageError(
      'the journal of a migration is sealed, and the settings have no key',
      'set REDIS_ENCRYPTION_KEY; secure-cache init makes one',
    )
  }
  const keyRing = KeyRing.create(settings.encryption)
  await keyRing.ready
  const today = options.from ?? { host: settings.redis.host, port: settings.redis.port }
  const { serverTls = resolve(options.out, 'tls'), confirm = [], wait = 600, settle = 5 } = options
  return new Migration({
    settings,
    keyRing,
    folder: resolve(options.folder),
    today,
    tlsPort: options.tlsPort ?? (today.port === settings.redis.port ? today.port + 1 : settings.redis.port),
    tlsFiles: {
      // The server's own system may write paths in another way than this one.
      cert: `${serverTls}/server.crt`,
      key: `${serverTls}/server.key`,
      ca: `${serverTls}/ca.crt`,
    },
    recipients: options.recipient ?? [],
    waiting: {
      waitMs: wait * 1000,
      settleMs: settle * 1000,
      pollMs: POLL_MS,
      confirm: async ({ step }) => confirm.includes(step.id),
      signal,
    },
    tell,
    acceptChanges: options.acceptChanges,
    leavesDatabases: options.leaveDatabases,
    currentPassword: await readCurrentPassword(options.currentPasswordFile),
  })
}

/**
 * The password that an option names the file of, as it is never an argument itself.
 *
 * @throws {UsageError} for a file that is not there, or empty
 */
export async function readCurrentPassword(path: string | undefined): Promise<Secret | undefined> {
  if (path === undefined) return undefined
  const text = (await readSettingsFile(path))?.replace(/\r?\n$/, '') ?? ''
  if (text !== '') return new Secret(text)
  throw new UsageError(
    'the file of --current-password-file is missing or empty',
    'it holds the password of today, and nothing else',
  )
}

/** @throws {UsageError} for settings without a Redis */
export async function readServerSettings(options: ServerOptions): Promise<Settings> {
  const settings = readSettings({ env: await environmentOf(options) })
  if (settings.backend === 'redis') return settings
  throw new UsageError('the settings name no Redis', 'set REDIS_HOST, or REDIS_URL')
}

/** The settings, and passwords that lie in the output of the generator where the settings have none. */
async function environmentOf({ settings, out }: ServerOptions): Promise<Environment> {
  const environment = await loadEnvironment(settings)
  const added: Record<string, string> = {}
  for (const role of ROLES) {
    const variable = passwordVariable(role)
    const path = join(out, ...passwordPath(role).split('/'))
    const given = [environment[variable], environment[`${variable}_FILE`]].some((text) => (text ?? '') !== '')
    if (!given && (await exists(path))) added[`${variable}_FILE`] = path
  }
  return { ...environment, ...added }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
