import type { Redis } from 'ioredis'
import { CacheError } from '../errors.js'
import { fromRedis } from '../redis/redis-errors.js'
import { knowsCommand, type ServerVersion } from '../redis/versions.js'
import type { Secret } from '../settings/secret.js'
import { backupEnd, backupEntry, backupHead, readBackup, type BackupEntry } from './backup-format.js'
import { decrypted, writeEncrypted, type WrittenBackup } from './backup-file.js'
import { GROUP_BYTES, keyGroups } from './key-sizes.js'

/** Keys of one round trip when restoring. */
const RESTORE_BATCH = 100

export interface BackupOptions {
  /** A connection of its own with full rights: it changes its database. */
  readonly client: Redis
  /** Of that server: older ones do not say when a key ends. */
  readonly version: ServerVersion
  /** Numbers of the databases that hold keys. */
  readonly databases: readonly number[]
  readonly path: string
  /** A key that is not the server's own, such as that of a lock; Latin-1. */
  readonly leaveOut?: string | undefined
  /** age recipients, `age1…`. */
  readonly recipients: readonly string[]
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((keys: number) => void) | undefined
}

export interface BackupReport extends WrittenBackup {
  readonly keys: number
  /** How many of each type, as TYPE names them. */
  readonly byType: Readonly<Record<string, number>>
}

/**
 * Backs up every key of a live server, of every type, with its time to live: what DUMP gives, encrypted by age,
 * and read back in full before it counts. Each key is as it was at one moment of the backup; not all at the
 * same one.
 */
export async function backUp(options: BackupOptions): Promise<BackupReport> {
  let keys = 0
  const byType: Record<string, number> = {}
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield backupHead()
    const question = expiryQuestion(options.version)
    for (const database of options.databases) {
      for await (const group of keyGroups(options.client, database)) {
        options.signal?.throwIfAborted()
        for (const entry of await entriesOf(options.client, { database, keys: group, question })) {
          if (entry.key.toString('latin1') === options.leaveOut) continue
          keys += 1
          const type = typeOf(entry.payload)
          byType[type] = (byType[type] ?? 0) + 1
          yield* backupEntry(entry)
        }
        options.onProgress?.(keys)
      }
    }
    yield backupEnd({ keys })
  }
  const { path, recipients } = options
  const written = await writeEncrypted({
    path,
    recipients,
    chunks: chunks(),
    verify: async (bytes) => {
      if ((await countEntries(bytes)) !== keys) {
        throw new CacheError(
          'ERR_BACKUP_DAMAGED',
          'the backup was not read back as it was written: look at the disk',
        )
      }
    },
  })
  return { ...written, keys, byType }
}

export interface RestoreOptions {
  readonly client: Redis
  readonly path: string
  readonly identity: Secret
  /** Also over keys that are there. */
  readonly replace?: boolean | undefined
  readonly onProgress?: ((keys: number) => void) | undefined
}

export interface RestoreReport {
  readonly restored: number
  /** There already, and left as they are. */
  readonly present: number
  /** Their time to live was over. */
  readonly expired: number
}

/**
 * Puts a backup back. All of it is decrypted and read before the first key is touched; a file with one wrong
 * bit restores nothing, nor does one with keys of a database that the server does not have.
 *
 * @throws {CacheError} ERR_BACKUP_DAMAGED, ERR_BACKUP_IDENTITY, ERR_MIGRATION_REFUSED, ERR_REDIS_…
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreReport> {
  const { path, identity, onProgress } = options
  const databases = new Set<number>()
  await countEntries(decrypted(path, identity), databases)
  await checkDatabases(options.client, databases)
  const restorer = new Restorer(options)
  for await (const batch of batchesOf(readBackup(decrypted(path, identity)))) {
    await restorer.restore(batch)
    onProgress?.(restorer.done)
  }
  return restorer.report
}

/** Of one database each, and of about a mebibyte: more than that is never in the server's way at once. */
async function* batchesOf(entries: AsyncIterable<BackupEntry>): AsyncGenerator<readonly BackupEntry[]> {
  let batch: BackupEntry[] = []
  let bytes = 0
  for await (const entry of entries) {
    const [first] = batch
    const isFull = batch.length === RESTORE_BATCH || bytes + entry.payload.length > GROUP_BYTES
    if (first !== undefined && (isFull || first.database !== entry.database)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(entry)
    bytes += entry.payload.length
  }
  yield batch
}

/** The first byte of what DUMP gives (Redis's src/rdb.h, RDB_TYPE_…). */
const TYPES: Readonly<Record<string, readonly number[]>> = {
  string: [0],
  list: [1, 10, 14, 18],
  set: [2, 11, 20],
  zset: [3, 5, 12, 17],
  hash: [4, 9, 13, 16, 22, 23, 24, 25],
  stream: [15, 19, 21, 26],
}

function typeOf(payload: Buffer): string {
  const found = Object.entries(TYPES).find(([, codes]) => codes.includes(payload[0] ?? -1))
  return found?.[0] ?? 'module'
}

/** Reads all of a backup, and collects the numbers of its databases. */
async function countEntries(
  bytes: AsyncIterable<Uint8Array>,
  databases = new Set<number>(),
): Promise<number> {
  let keys = 0
  for await (const { database } of readBackup(bytes)) {
    databases.add(database)
    keys += 1
  }
  return keys
}

/** Before the first key is touched: the server may have fewer databases than the one of the backup had. */
async function checkDatabases(client: Redis, databases: ReadonlySet<number>): Promise<void> {
  for (const database of databases) {
    await client.select(database).catch((error: unknown) => {
      const safe = fromRedis(error, 'SELECT')
      if (safe.code !== 'ERR_REDIS_REPLY') throw safe
      throw new CacheError(
        'ERR_MIGRATION_REFUSED',
        `the backup holds keys of database ${database}, which this server does not have: nothing was restored. ` +
          'Restore into a server with as many databases (databases of redis.conf), and move them from there',
      )
    })
  }
}

/**
 * How to ask when a key ends. PEXPIRETIME (from Redis 7.0 on) says it; PTTL says what is left at that moment, which is a
 * few milliseconds after the TIME of a transaction that dumps large values.
 */
type ExpiryQuestion = 'PEXPIRETIME' | 'PTTL'

function expiryQuestion(version: ServerVersion): ExpiryQuestion {
  return knowsCommand(version, 'pexpiretime') ? 'PEXPIRETIME' : 'PTTL'
}

/**
 * In one transaction: value and time to live of the same moment. The server serves nobody else meanwhile, and holds
 * the whole reply, so it is a group of {@link keyGroups}.
 */
async function entriesOf(
  client: Redis,
  {
    database,
    keys,
    question,
  }: { readonly database: number; readonly keys: readonly Buffer[]; readonly question: ExpiryQuestion },
): Promise<readonly BackupEntry[]> {
  const sent = [
    client.callBuffer('MULTI'),
    client.callBuffer('TIME'),
    ...keys.flatMap((key) => [client.callBuffer(question, key), client.callBuffer('DUMP', key)]),
    client.callBuffer('EXEC'),
  ]
  const replies = await Promise.all(sent).catch((error: unknown) => {
    throw fromRedis(error, 'DUMP')
  })
  const reply: unknown = replies.at(-1)
  const [time, ...found] = Array.isArray(reply) ? (reply as unknown[]) : []
  const [seconds, micros] = Array.isArray(time) ? time.map(Number) : []
  const now = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
  const since = question === 'PTTL' ? now : 0
  return keys.flatMap((key, index) => {
    const [end, payload] = [Number(found[2 * index]), found[2 * index + 1]]
    // Gone since SCAN saw it.
    if (!Buffer.isBuffer(payload)) return []
    return [{ database, key, payload, expiresAt: end < 0 ? undefined : since + end }]
  })
}

class Restorer {
  readonly #options: RestoreOptions
  readonly #counts = { restored: 0, present: 0, expired: 0 }
  #database = -1

  constructor(options: RestoreOptions) {
    this.#options = options
  }

  get report(): RestoreReport {
    return { ...this.#counts }
  }

  get done(): number {
    return this.#counts.restored + this.#counts.present + this.#counts.expired
  }

  async restore(entries: readonly BackupEntry[]): Promise<void> {
    const [first] = entries
    if (first === undefined) return
    const { client } = this.#options
    try {
      if (first.database !== this.#database) await client.select(first.database)
      this.#database = first.database
      const [seconds] = await client.time()
      const now = Number(seconds) * 1000
      await Promise.all(entries.map((entry) => this.#restoreOne(entry, now)))
    } catch (error) {
      throw fromRedis(error, 'RESTORE')
    }
  }

  async #restoreOne({ key, expiresAt, payload }: BackupEntry, now: number): Promise<void> {
    const { client, replace = false } = this.#options
    if (expiresAt !== undefined && expiresAt <= now) {
      this.#counts.expired += 1
      return
    }
    try {
      const options = ['ABSTTL', ...(replace ? ['REPLACE'] : [])]
      await client.callBuffer('RESTORE', key, String(expiresAt ?? 0), payload, ...options)
      this.#counts.restored += 1
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('BUSYKEY '))) throw error
      this.#counts.present += 1
    }
  }
}
