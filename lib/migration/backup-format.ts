import { CacheError } from '../errors.js'

/** The file begins with it, once decrypted. */
const MAGIC = Buffer.from('express-secure-cache backup 1\n', 'latin1')
const KEY = 0x4b
const END = 0x45
/** No key and no value of Redis is larger. */
const MAX_BYTES = 512 * 1024 * 1024 + 1024
const NO_EXPIRY = -1n

/** One key of a server. */
export interface BackupEntry {
  readonly database: number
  readonly key: Buffer
  /** Unix milliseconds; absent where the key has no time to live. */
  readonly expiresAt: number | undefined
  /** What DUMP gave, for RESTORE: version and checksum of Redis are in it. */
  readonly payload: Buffer
}

/** What stands at the end, and proves that nothing is missing. */
export interface BackupEnd {
  readonly keys: number
}

/**
 * A backup before it is encrypted:
 *
 *     magic
 *     'K'  u32 database  i64 expires at (ms, -1 none)  u32 length, key  u32 length, payload      for each key
 *     'E'  u32 number of keys
 *
 * Big endian. Encrypted by age, which authenticates every byte and the end.
 */
export function backupHead(): Buffer {
  return MAGIC
}

export function backupEntry({ database, key, expiresAt, payload }: BackupEntry): readonly Buffer[] {
  const head = Buffer.alloc(17)
  head[0] = KEY
  head.writeUInt32BE(database, 1)
  head.writeBigInt64BE(expiresAt === undefined ? NO_EXPIRY : BigInt(expiresAt), 5)
  head.writeUInt32BE(key.length, 13)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(payload.length)
  return [head, key, length, payload]
}

export function backupEnd({ keys }: BackupEnd): Buffer {
  const end = Buffer.alloc(5)
  end[0] = END
  end.writeUInt32BE(keys, 1)
  return end
}

/**
 * Reads what the functions above wrote. It holds one key at a time.
 *
 * @throws {CacheError} ERR_BACKUP_DAMAGED for anything else, also for a file that ends early or goes on
 */
export async function* readBackup(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<BackupEntry> {
  const reader = new Reader(bytes)
  if (!(await reader.take(MAGIC.length)).equals(MAGIC))
    throw damaged('it is no backup of express-secure-cache')
  let keys = 0
  for (;;) {
    const [type] = await reader.take(1)
    if (type === END) break
    if (type !== KEY) throw damaged('a record is none')
    yield await readEntry(reader)
    keys += 1
  }
  if ((await reader.number()) !== keys) throw damaged('keys are missing')
  if (!(await reader.atEnd())) throw damaged('it goes on behind its end')
}

async function readEntry(reader: Reader): Promise<BackupEntry> {
  const database = await reader.number()
  const expires = (await reader.take(8)).readBigInt64BE()
  const key = await reader.sized()
  const payload = await reader.sized()
  return { database, key, payload, expiresAt: expires === NO_EXPIRY ? undefined : Number(expires) }
}

/** Bytes from chunks. */
class Reader {
  readonly #chunks: AsyncIterator<Uint8Array>
  #rest: Buffer = Buffer.alloc(0)

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#chunks = bytes[Symbol.asyncIterator]()
  }

  async take(length: number): Promise<Buffer> {
    const parts = [this.#rest]
    let present = this.#rest.length
    while (present < length) {
      const chunk = await this.#next()
      if (chunk === undefined) throw damaged('it ends too early')
      parts.push(chunk)
      present += chunk.length
    }
    const all = parts.length === 1 ? this.#rest : Buffer.concat(parts)
    this.#rest = all.subarray(length)
    return all.subarray(0, length)
  }

  async number(): Promise<number> {
    return (await this.take(4)).readUInt32BE()
  }

  async sized(): Promise<Buffer> {
    const length = await this.number()
    if (length > MAX_BYTES) throw damaged('a length is larger than anything in Redis')
    return this.take(length)
  }

  async atEnd(): Promise<boolean> {
    return this.#rest.length === 0 && (await this.#next()) === undefined
  }

  async #next(): Promise<Buffer | undefined> {
    for (;;) {
      const step: IteratorResult<Uint8Array, unknown> = await this.#chunks.next()
      if (step.done === true) return undefined
      const { value } = step
      if (value.length > 0) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    }
  }
}

function damaged(why: string): CacheError {
  return new CacheError('ERR_BACKUP_DAMAGED', `the backup is damaged, and nothing of it was restored: ${why}`)
}
