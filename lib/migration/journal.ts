import { randomBytes } from 'node:crypto'
import { open, readFile, rename, truncate, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { Envelope, type SealedNamespace } from '../crypto/envelope.js'
import type { KeyRing } from '../crypto/key-ring.js'
import { CacheError, OpenError } from '../errors.js'
import { cannotUse } from './folder-errors.js'
import type { Held } from './hold.js'
import type { JournalRecord } from './records.js'

const FORMAT = 'secure-cache-migration/1'
const FILE = 'journal'
/** Beside the namespaces of the cache (lib/cache/key-names.ts): nothing in Redis opens as a record. */
const NAMESPACE = '@migration'

export interface JournalOptions {
  /** The folder of the migration. */
  readonly folder: string
  /** Ready. Whoever has no key of it can neither read nor forge a record. */
  readonly keyRing: KeyRing
}

export interface OpenJournalOptions extends JournalOptions {
  /** Asked before each record is written: of two writers each would make the other's records worthless. */
  readonly hold: Held
}

/**
 * What a migration has done and is about to do, on disk before it is done: one sealed record a line, bound to
 * its migration and its place, so that none can be read, altered, moved or left out. It holds the whole
 * configuration of before, passwords too, which is why nothing of it is in clear.
 *
 * A record counts once its line is complete: a crash in the middle of writing leaves a torn last line, which
 * is cut off.
 */
export class Journal {
  readonly records: readonly JournalRecord[]
  readonly #path: string
  readonly #id: string
  readonly #sealing: SealedNamespace
  readonly #file: FileHandle
  readonly #hold: Held
  #count: number
  /** Half a record may lie there: what would follow it could never be read. */
  #isBroken = false

  private constructor(parts: {
    readonly path: string
    readonly id: string
    readonly sealing: SealedNamespace
    readonly file: FileHandle
    readonly hold: Held
    readonly records: readonly JournalRecord[]
  }) {
    this.records = parts.records
    this.#path = parts.path
    this.#id = parts.id
    this.#sealing = parts.sealing
    this.#file = parts.file
    this.#hold = parts.hold
    this.#count = parts.records.length
  }

  /** 32 hex digits; every migration has its own. */
  get id(): string {
    return this.#id
  }

  /**
   * The records of a migration, without opening it for writing.
   *
   * @throws {CacheError} ERR_MIGRATION_JOURNAL where they were altered or are sealed under another key
   */
  static async read({ folder, keyRing }: JournalOptions): Promise<readonly JournalRecord[] | undefined> {
    const text = await textOf(join(folder, FILE))
    return text === undefined ? undefined : parse(text, sealingOf(keyRing)).records
  }

  /** Ids of the keys that its records are sealed under; `undefined` where there is no journal. Needs no key. */
  static async keyIds(folder: string): Promise<ReadonlySet<string> | undefined> {
    const text = await textOf(join(folder, FILE))
    if (text === undefined) return undefined
    const headers = text.split('\n').map((line) => Envelope.describe(Buffer.from(line, 'base64')))
    return new Set(headers.flatMap((header) => (header === undefined ? [] : [header.keyId])))
  }

  /**
   * Seals all of it anew under the key that seals now: the old file or the new one is there at every moment.
   *
   * @throws {CacheError} as {@link Journal.open}
   */
  static async reseal({ folder, keyRing, hold }: OpenJournalOptions): Promise<void> {
    await hold.confirm()
    const path = join(folder, FILE)
    const text = await textOf(path)
    if (text === undefined) return
    const sealing = sealingOf(keyRing)
    const { id, records } = parse(text, sealing)
    const lines = records.map((record, index) => sealedLine(sealing, place(id, index), record))
    try {
      await writeFileAtomic(path, [`${FORMAT} ${id}\n`, ...lines].join(''), { mode: 0o600 })
    } catch (error) {
      throw cannotUse('the journal of the migration', error)
    }
  }

  /**
   * Opens the journal of the folder, or begins one. Whoever opens it holds it: a torn record is cut off.
   *
   * @throws {CacheError} as {@link Journal.read}, or ERR_MIGRATION_LOCKED
   */
  static async open({ folder, keyRing, hold }: OpenJournalOptions): Promise<Journal> {
    await hold.confirm()
    const path = join(folder, FILE)
    const sealing = sealingOf(keyRing)
    const text = await textOf(path)
    const parsed = text?.includes('\n') === true ? parse(text, sealing) : undefined
    try {
      if (parsed === undefined) {
        const id = randomBytes(16).toString('hex')
        const file = await open(path, 'w', 0o600)
        await write(file, `${FORMAT} ${id}\n`)
        await syncFolder(folder)
        return new Journal({ path, id, sealing, file, hold, records: [] })
      }
      const { id, records, bytes } = parsed
      await truncate(path, bytes)
      return new Journal({ path, id, sealing, file: await open(path, 'a'), hold, records })
    } catch (error) {
      throw cannotUse('the journal of the migration', error)
    }
  }

  /** Writes a record; it is on disk when this resolves. @throws {CacheError} ERR_MIGRATION_LOCKED, ERR_MIGRATION_JOURNAL */
  async append(record: JournalRecord): Promise<void> {
    if (this.#isBroken) throw damaged('the last record could not be written')
    await this.#hold.confirm()
    const line = sealedLine(this.#sealing, place(this.#id, this.#count), record)
    try {
      await write(this.#file, line)
    } catch (error) {
      this.#isBroken = true
      throw cannotUse('the journal of the migration', error)
    }
    this.#count += 1
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  /** The migration is over and undone: its journal is put aside, and another one may begin. */
  async retire(): Promise<void> {
    await this.#hold.confirm()
    await this.close()
    await rename(this.#path, `${this.#path}-${this.#id.slice(0, 8)}`)
    await syncFolder(dirname(this.#path))
  }
}

function sealingOf(keyRing: KeyRing): SealedNamespace {
  return new Envelope({ keyRing }).namespace('', NAMESPACE)
}

function place(id: string, index: number): string {
  return `${id}:${index}`
}

function sealedLine(sealing: SealedNamespace, key: string, record: JournalRecord): string {
  const payload = Buffer.from(JSON.stringify(record))
  return `${sealing.seal(key, payload, { codec: 'json', lifetimeSeconds: 0 }).toString('base64')}\n`
}

interface Parsed {
  readonly id: string
  readonly records: readonly JournalRecord[]
  /** Up to the end of the last complete record. */
  readonly bytes: number
}

function parse(text: string, sealing: SealedNamespace): Parsed {
  // What stands behind the last line break was being written when the power went.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  const [head = '', ...lines] = whole.split('\n').slice(0, -1)
  const [format, id = ''] = head.split(' ')
  if (format !== FORMAT || !/^[0-9a-f]{32}$/.test(id)) throw damaged('it is no journal of a migration')
  const records = lines.map((line, index) => openRecord(line, sealing, place(id, index)))
  return { id, records, bytes: Buffer.byteLength(whole) }
}

function openRecord(line: string, sealing: SealedNamespace, key: string): JournalRecord {
  try {
    const { payload } = sealing.open(key, Buffer.from(line, 'base64'))
    return JSON.parse(payload.toString()) as JournalRecord
  } catch (error) {
    const other = error instanceof OpenError && error.reason === 'unknown_key'
    throw damaged(
      other
        ? 'it is sealed under a key that is not among REDIS_ENCRYPTION_KEY and REDIS_ENCRYPTION_ACCEPTED_KEYS'
        : 'a record was altered, moved or cut',
    )
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'latin1')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw damaged('the file cannot be read: check its owner and mode')
  }
}

async function write(file: FileHandle, text: string): Promise<void> {
  await file.appendFile(text)
  await file.datasync()
}

/** A new name is on disk when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function damaged(why: string): CacheError {
  return new CacheError('ERR_MIGRATION_JOURNAL', `the journal of the migration cannot be used: ${why}`)
}
