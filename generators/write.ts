import { constants } from 'node:fs'
import { chmod, chown, lstat, mkdir, open, realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import lockfile from 'proper-lockfile'
import { ConfigError, type ConfigProblem } from '../lib/errors.js'
import { DIRECTORIES, type Directory, type OutputFile } from './folder.js'
import { MANIFEST_PATH, contentHash, manifestFile, parseManifest, type Manifest } from './manifest.js'
import { finishInterrupted, replaceTogether } from './staging.js'
import type { Owner } from './view-model.js'

/** `overwritten`: changed by hand, and replaced because of `force`. */
export type FileState = 'created' | 'updated' | 'overwritten' | 'unchanged'

export interface PlannedFile extends OutputFile {
  readonly state: FileState
}

export interface FolderOptions {
  readonly path: string
  /** Looks, and writes nothing at all. */
  readonly dryRun: boolean
  /** Who owns the server's directories; absent where ownership stays as it falls. */
  readonly serverOwner?: Owner | undefined
}

const MODE_BITS = 0o777
const MAX_FILE_BYTES = 1024 * 1024

/** The output folder: one run at a time, every file whole, nothing of others touched. */
export class OutputFolder {
  readonly path: string
  readonly #options: FolderOptions
  #manifest: Manifest = new Map()
  #unlock: (() => Promise<void>) | undefined

  private constructor(options: FolderOptions) {
    this.path = resolve(options.path)
    this.#options = options
  }

  /**
   * Takes the folder for this run, and completes or discards what an interrupted one left.
   *
   * @throws {ConfigError} ERR_CONFIG_FILES where another run holds it, or where it cannot be used
   */
  static async open(options: FolderOptions): Promise<OutputFolder> {
    const folder = new OutputFolder(options)
    if (!options.dryRun) await folder.#take()
    folder.#manifest = parseManifest(await folder.read(MANIFEST_PATH))
    return folder
  }

  /** The text of a file of the folder; undefined where there is none. */
  async read(path: string): Promise<string | undefined> {
    const bytes = await this.#bytes(path)
    return bytes?.toString('utf8')
  }

  /**
   * What a run would do.
   *
   * @throws {ConfigError} ERR_CONFIG_FILES naming every file that was changed by hand, unless `force`
   */
  async plan(
    files: readonly OutputFile[],
    { force }: { readonly force: boolean },
  ): Promise<readonly PlannedFile[]> {
    const planned: PlannedFile[] = []
    const problems: ConfigProblem[] = []
    for (const file of files) {
      const state = await this.#stateOf(file)
      if (state === 'foreign' && !force) problems.push({ name: file.path, message: this.#why(file.path) })
      planned.push({ ...file, state: state === 'foreign' ? 'overwritten' : state })
    }
    if (problems.length > 0)
      throw filesError('files would be overwritten that are not as they were written', problems)
    return planned
  }

  /** Writes what the plan says, all of it or none. */
  async commit(planned: readonly PlannedFile[], directories: readonly Directory[]): Promise<void> {
    for (const directory of directories) await this.#makeDirectory(directory)
    const changed = planned.filter(({ state }) => state !== 'unchanged')
    const manifest = new Map(this.#manifest)
    for (const { path, text } of planned) manifest.set(path, contentHash(text))
    const record = manifestFile(manifest)
    if (changed.length === 0 && (await this.read(MANIFEST_PATH)) === record.text) return
    const staged = [...changed, record].map((file) => ({ ...file, owner: this.#ownerOf(file.path) }))
    await guarded(() => replaceTogether(this.path, staged))
    this.#manifest = manifest
  }

  /** Gives the folder back. */
  async close(): Promise<void> {
    await this.#unlock?.()
    this.#unlock = undefined
  }

  async #take(): Promise<void> {
    await guarded(() => mkdir(this.path, { recursive: true }))
    try {
      this.#unlock = await lockfile.lock(await realpath(this.path), {
        lockfilePath: join(this.path, '.lock'),
        // A killed run's lock counts for this long and no longer.
        stale: 5000,
        update: 1000,
        retries: { retries: 30, factor: 1, minTimeout: 250, maxTimeout: 250 },
        // Thrown from a timer by default; a lock lost to a machine that slept does no harm to whole files.
        onCompromised: () => undefined,
      })
    } catch {
      throw filesError('the folder is in use', [
        { name: this.path, message: 'another run is writing here: wait for it to end' },
      ])
    }
    try {
      await guarded(() => finishInterrupted(this.path))
    } catch (error) {
      await this.close()
      throw error
    }
  }

  async #stateOf(file: OutputFile): Promise<FileState | 'foreign'> {
    const bytes = await this.#bytes(file.path)
    if (bytes === undefined) return 'created'
    if (bytes.equals(Buffer.from(file.text))) return (await this.#isProtected(file)) ? 'unchanged' : 'updated'
    return this.#manifest.get(file.path) === contentHash(bytes) ? 'updated' : 'foreign'
  }

  #why(path: string): string {
    return this.#manifest.has(path) ? 'was changed by hand since' : 'was not written by this generator'
  }

  /** Mode and owner as they should be. Windows has neither. */
  async #isProtected(file: OutputFile): Promise<boolean> {
    if (process.platform === 'win32') return true
    const facts = await lstat(join(this.path, file.path))
    const owner = this.#ownerOf(file.path)
    return (facts.mode & MODE_BITS) === file.mode && (owner === undefined || owner.uid === facts.uid)
  }

  #ownerOf(path: string): Owner | undefined {
    const directory = Object.values(DIRECTORIES).find((entry) => path.startsWith(`${entry.path}/`))
    return directory?.audience === 'server' ? this.#options.serverOwner : undefined
  }

  async #makeDirectory(directory: Directory): Promise<void> {
    const path = join(this.path, directory.path)
    const owner = directory.audience === 'server' ? this.#options.serverOwner : undefined
    await guarded(async () => {
      await mkdir(path, { recursive: true, mode: 0o700 })
      await refuseLink(path, directory.path)
      await chmod(path, 0o700)
      if (owner !== undefined) await chown(path, owner.uid, owner.gid)
    })
  }

  /** Never through a link: it could lead anywhere, and its target is nobody's output. */
  async #bytes(path: string): Promise<Buffer | undefined> {
    const parts = path.split('/')
    for (let depth = 1; depth < parts.length; depth += 1) {
      const parent = parts.slice(0, depth).join('/')
      await refuseLink(join(this.path, parent), parent)
    }
    try {
      const handle = await open(join(this.path, path), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
      try {
        const facts = await handle.stat()
        if (!facts.isFile() || facts.size > MAX_FILE_BYTES) throw notOurs(path)
        return await handle.readFile()
      } finally {
        await handle.close()
      }
    } catch (error) {
      const code = codeOf(error)
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
      if (code === 'ELOOP' || code === 'EISDIR') throw notOurs(path)
      throw error instanceof ConfigError ? error : unusable(error)
    }
  }
}

async function refuseLink(path: string, name: string): Promise<void> {
  const facts = await lstat(path).catch(() => undefined)
  if (facts !== undefined && !facts.isDirectory()) throw notOurs(name)
}

/** Turns the file system's errors into ours. They hold paths and codes, no content. */
async function guarded<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw error instanceof ConfigError ? error : unusable(error)
  }
}

function unusable(error: unknown): ConfigError {
  const path = error instanceof Error && 'path' in error ? String(error.path) : 'the output folder'
  return filesError('the output folder cannot be used', [
    { name: path, message: `${codeOf(error) ?? 'an unknown error'}: check its owner, mode and free space` },
  ])
}

function notOurs(name: string): ConfigError {
  return filesError('something else is in the way', [
    { name, message: 'is a link, or no plain file or directory: move it away' },
  ])
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

function filesError(summary: string, problems: readonly ConfigProblem[]): ConfigError {
  const lines = problems.map(({ name, message }) => `  ${name} ${message}`)
  return new ConfigError('ERR_CONFIG_FILES', `${summary}:\n${lines.join('\n')}`, problems)
}
