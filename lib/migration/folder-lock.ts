import { randomBytes } from 'node:crypto'
import { open, readFile, readdir, rm, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { CacheError } from '../errors.js'
import { makeFolder } from './folder.js'
import { cannotUse } from './folder-errors.js'
import { hasEnded, ownIdentity, type ProcessIdentity } from './process-identity.js'

/** Of a holder whose end cannot be seen from here, this long after its last sign of life it counts as gone. */
const LIFETIME_MS = 30_000
const RENEWAL_MS = 5_000
/** Crashes in a row between the two locks; each leaves a token. */
const KEPT_TOKENS = 32
const ATTEMPTS = 5
const NAME = /^lock-(\d{1,9})$/

interface Holder extends ProcessIdentity {
  readonly token: string
  /** Tokens of crashed runs that this one has taken over from, and that may still stand in Redis. */
  readonly crashed: readonly string[]
  readonly released: boolean
}

/**
 * One run at a time on a folder, and so on its journal. Holders are files with a number, `lock-1`, `lock-2`: the
 * highest holds, and a new one is made by exclusive creation (open(2), O_EXCL), so that of two runs that find the
 * same holder gone one wins, without a moment in between. The file of the highest stays, to keep the count.
 */
export class FolderLock {
  readonly token: string
  /** Tokens of runs that have crashed for certain: what they hold in Redis may be taken over at once. */
  readonly crashed: readonly string[]
  readonly #folder: string
  readonly #number: number
  readonly #file: FileHandle
  readonly #holder: Holder
  #timer: NodeJS.Timeout | undefined
  #renewing: Promise<void> | undefined

  private constructor(parts: {
    readonly folder: string
    readonly number: number
    readonly file: FileHandle
    readonly holder: Holder
  }) {
    this.token = parts.holder.token
    this.crashed = parts.holder.crashed
    this.#folder = parts.folder
    this.#number = parts.number
    this.#file = parts.file
    this.#holder = parts.holder
    this.#timer = setInterval(() => {
      this.#renewing ??= this.#write(this.#holder)
        .catch(() => undefined)
        .finally(() => {
          this.#renewing = undefined
        })
    }, RENEWAL_MS)
    this.#timer.unref()
  }

  /**
   * Takes the folder, which is made where it is missing, 0700.
   *
   * @throws {CacheError} ERR_MIGRATION_LOCKED where another run has it, ERR_MIGRATION_JOURNAL where it cannot be used
   */
  static async take(folder: string): Promise<FolderLock> {
    const own = await ownIdentity()
    try {
      await makeFolder(folder)
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        const taken = await take(folder, own)
        if (taken !== undefined) return new FolderLock(taken)
      }
    } catch (error) {
      throw cannotUse(`the folder ${folder}`, error)
    }
    throw held()
  }

  /** @throws {CacheError} ERR_MIGRATION_LOCKED where it was lost: nothing may be written any more */
  async confirm(): Promise<void> {
    const highest = (await numbersIn(this.#folder).catch(() => [])).at(-1)
    if (highest !== this.#number) throw held()
  }

  async release(): Promise<void> {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#timer = undefined
    await this.#renewing
    // Where that fails the next run sees that this process has ended.
    await this.#write({ ...this.#holder, crashed: [], released: true }).catch(() => undefined)
    await this.#file.close().catch(() => undefined)
  }

  /** At the place of the old text and no longer than it, so that no reader meets half of it: the time is the sign of life. */
  async #write(holder: Holder): Promise<void> {
    const length = JSON.stringify(this.#holder).length
    await this.#file.write(JSON.stringify(holder).padEnd(length), 0)
  }
}

/** `undefined`: somebody else was quicker, so that it has to be looked at again. */
async function take(
  folder: string,
  own: ProcessIdentity,
): Promise<{ number: number; folder: string; file: FileHandle; holder: Holder } | undefined> {
  const found = await numbersIn(folder)
  const last = found.at(-1)
  const crashed = last === undefined ? [] : await crashedBefore(join(folder, `lock-${last}`), own)
  if (crashed === undefined) return undefined
  const number = (last ?? 0) + 1
  const path = join(folder, `lock-${number}`)
  const holder: Holder = { ...own, token: randomBytes(16).toString('hex'), crashed, released: false }
  const file = await open(path, 'wx', 0o600).catch(ifCode('EEXIST'))
  if (file === undefined) return undefined
  await file.write(JSON.stringify(holder), 0)
  const now = await numbersIn(folder)
  if (now.at(-1) !== number) {
    // This number had gone by: somebody has held it, and whoever came then has tidied up.
    await file.close()
    await rm(path, { force: true })
    return undefined
  }
  for (const old of now.slice(0, -1))
    await rm(join(folder, `lock-${old}`), { force: true }).catch(() => undefined)
  return { number, folder, file, holder }
}

/**
 * Tokens of those who have crashed while they held it; `undefined` where the file has gone meanwhile.
 *
 * @throws {CacheError} ERR_MIGRATION_LOCKED where its holder lives, or may live
 */
async function crashedBefore(path: string, own: ProcessIdentity): Promise<readonly string[] | undefined> {
  const text = await readFile(path, 'utf8').catch(ifCode('ENOENT'))
  if (text === undefined) return undefined
  const holder = readHolder(text)
  if (holder?.released === true) return []
  const ended = holder === undefined ? undefined : await hasEnded(holder, own)
  if (holder !== undefined && ended === true) return [...holder.crashed, holder.token].slice(-KEPT_TOKENS)
  const seen = await stat(path).catch(ifCode('ENOENT'))
  if (seen === undefined) return undefined
  if (ended === false || Date.now() - seen.mtimeMs <= LIFETIME_MS) throw held()
  // Silent for long, in another container or on another machine. Its lock in Redis, renewed or not, has the last word.
  return []
}

/** `undefined` for a file that a crash has left without its text. */
function readHolder(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null
    const { world, pid, startedAt, token, crashed, released } = holder ?? {}
    if (world === undefined || pid === undefined || startedAt === undefined || token === undefined)
      return undefined
    return {
      world,
      pid,
      startedAt,
      token,
      crashed: Array.isArray(crashed) ? crashed : [],
      released: released === true,
    }
  } catch {
    return undefined
  }
}

async function numbersIn(folder: string): Promise<readonly number[]> {
  const names = await readdir(folder)
  return names
    .flatMap((name) => {
      const digits = NAME.exec(name)?.[1]
      return digits === undefined ? [] : [Number(digits)]
    })
    .toSorted((a, b) => a - b)
}

function ifCode(code: string): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof Error && 'code' in error && error.code === code) return undefined
    throw error
  }
}

function held(): CacheError {
  return new CacheError(
    'ERR_MIGRATION_LOCKED',
    'another run of the migration has its journal: wait for it to end (one that crashed in another container or on another machine counts as ended after 30 s)',
  )
}
