import { SecurityEvents } from '../lib/events.js'
import { restoreBackup } from '../lib/migration/backup.js'
import { readIdentity } from '../lib/migration/backup-file.js'
import { connectTo } from '../lib/migration/connecting.js'
import { Progress } from '../lib/migration/progress.js'
import { openConnection, type RedisConnection } from '../lib/redis/connection.js'
import { readCurrentPassword, readServerSettings } from './open-migration.js'
import { print, say } from './report.js'
import type { RestoreCommandOptions } from './restore.js'

const STEP_TIMEOUT_MS = 30_000

/** Restores, and tells how many keys came back. */
export async function restore(backup: string, options: RestoreCommandOptions): Promise<void> {
  const { connection, close } = await connect(options)
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
    await close()
  }
}

interface Connected {
  readonly connection: RedisConnection
  readonly close: () => Promise<void>
}

/** To the server of the settings, as its admin; or to one as a migration finds it, in plaintext. */
async function connect(options: RestoreCommandOptions): Promise<Connected> {
  const settings = await readServerSettings(options)
  const { redis, users } = settings
  if (options.from !== undefined) {
    const currentPassword = await readCurrentPassword(options.currentPasswordFile)
    const unused = { steps: [], tlsPort: redis.port, currentPassword }
    const { server } = await connectTo({ settings, today: options.from, ...unused }, new Progress())
    const connection = server.open(server.way, 'restore')
    return {
      connection,
      close: async () => {
        await connection.close()
        await server.close()
      },
    }
  }
  const isOpen = redis.authentication === 'none'
  const connection = openConnection({
    settings: redis,
    ...(isOpen || users.admin.password === undefined ? {} : { user: users.admin }),
    events: new SecurityEvents(),
    purpose: 'restore',
    timeoutMs: STEP_TIMEOUT_MS,
    reportsOutages: false,
    bounds: 'gate',
  })
  return { connection, close: () => connection.close() }
}
