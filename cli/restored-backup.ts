import { SecurityEvents } from '../lib/events.js'
import { restoreBackup } from '../lib/migration/backup.js'
import { readIdentity } from '../lib/migration/backup-file.js'
import { openConnection } from '../lib/redis/connection.js'
import { readServerSettings } from './open-migration.js'
import { print, say } from './report.js'
import type { RestoreCommandOptions } from './restore.js'

const STEP_TIMEOUT_MS = 30_000

/** Restores, and tells how many keys came back. */
export async function restore(backup: string, options: RestoreCommandOptions): Promise<void> {
  const settings = await readServerSettings(options)
  const { admin } = settings.users
  const isOpen = settings.redis.authentication === 'none'
  const connection = openConnection({
    settings: settings.redis,
    ...(isOpen || admin.password === undefined ? {} : { user: admin }),
    events: new SecurityEvents(),
    purpose: 'restore',
    timeoutMs: STEP_TIMEOUT_MS,
    reportsOutages: false,
    bounds: 'gate',
  })
  try {
    const identity = await readIdentity(options.identity)
    await connection.ready()
    const { restored, present, expired } = await restoreBackup({
      client: connection.client,
      path: backup,
      identity,
      replace: options.replace,
      onProgress: (keys) => say(`  ${keys} keys`),
    })
    print(`restored ${restored}`)
    if (present > 0) {
      print(`left ${present}`)
      say('note: keys that are there already were left as they are; --replace overwrites them')
    }
    if (expired > 0) print(`expired ${expired}`)
  } finally {
    await connection.close()
  }
}
