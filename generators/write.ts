import { isUtf8 } from 'node:buffer'
import { constants } from 'node:fs'
import { chmod, chown, lstat, mkdir, open, realpath } from 'node:fs/promises'
import { join, posix, resolve } from 'node:path'
import lockfile from 'proper-lockfile'
import { ConfigError, type ConfigProblem } from '../lib/errors.js'
import { DIRECTORIES, type Directory, type OutputFile, type Place } from './folder.js'
import {
  MANIFEST_PATH,
  contentHash,
  manifestFile,
  manifestKey,
  parseManifest,
  partsOf,
  type Manifest,
} from './manifest.js'
import { finishInterrupted, replaceTogether } from './staging.js'
import type { Owner } from './view-model.js'

/** `overwritten`: changed by hand, and replaced because of `force`. */
export type FileState = 'created' | 'updated' | 'overwritten' | 'unchanged'

export interface PlannedFile extends OutputFile {
  readonly state: FileState
  /** Where it goes, absolute. */
  readonly at: string
}

export interface FolderOptions {
  readonly path: string
  /** Looks, and writes nothing at all. */
  readonly dryRun: boolean
  /** Who owns the server's directories; absent where ownership stays as it falls. */
  readonly serverOwner?: Owner | undefined
  /** The folder that opens in an editor, absolute; absent where none of its files are written. */
  readonly project?: string | undefined
}

type Placed = Pick<OutputFile, 'path' | 'place'>

const MODE_BITS = 0o777
/** A file of the folder, as opposed to one of a project, a part of one, or a name that leads out of it. */
const INSIDE = /^(?!(?:.*\/)?\.\.?(?:\/|$))[\w.@-]+(?:\/[\w.@-]+)*$/
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

  /**
   * The text of a file of the folder, or of the project; undefined where there is none.
   *
   * @throws {ConfigError} ERR_CONFIG_FILES for what is no plain file, and for a file of the project that is not UTF-8
   */
  async read(path: string, place: Place = 'output'): Promise<string | undefined> {
    const bytes = await this.#bytes({ path, place })
    // Written back, what is no text would be lost.
    if (place === 'project' && bytes !== undefined && !isUtf8(bytes)) {
      throw filesError('a file of the editor cannot be completed', [
        { name: path, message: 'is not UTF-8: save it as UTF-8, or leave the editor out with --no-vscode' },
      ])
    }
    return bytes?.toString('utf8')
  }

  /** What an earlier run left in a file that others write too, by the name of the part. */
  rememberedParts(path: string): ReadonlyMap<string, string> {
    return partsOf(this.#manifest, { path, place: 'project' })
  }

  /** Whether an earlier run wrote this file. */
  remembers(path: string, place: Place = 'output'): boolean {
    return this.#manifest.has(manifestKey({ path, place }))
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
      if (state === 'foreign' && !force) problems.push({ name: file.path, message: this.#why(file) })
      planned.push({
        ...file,
        at: this.#at(file),
        mode: await this.#modeOf(file),
        state: state === 'foreign' ? 'overwritten' : state,
      })
    }
    if (problems.length > 0)
      throw filesError('files would be overwritten that are not as they were written', problems)
    return planned
  }

  /**
   * Files of the folder that an earlier run wrote, that this one does not, and that are still there: of another topology,
   * of a role that is gone. They may have been changed since. Sorted.
   */
  async leftovers(planned: readonly Placed[]): Promise<readonly string[]> {
    const written = new Set(planned.map((file) => manifestKey(file)))
    const earlier = [...this.#manifest.keys()].filter((key) => !written.has(key) && INSIDE.test(key))
    const present = await Promise.all(
      earlier.map((path) =>
        lstat(join(this.path, path)).then(
          (facts) => facts.isFile(),
          () => false,
        ),
      ),
    )
    return earlier.filter((_path, index) => present[index]).toSorted()
  }

  /** Writes what the plan says, all of it or none. */
  async commit(planned: readonly PlannedFile[], directories: readonly Directory[]): Promise<void> {
    for (const directory of directories) await this.#makeDirectory(directory)
    const changed = planned.filter(({ state }) => state !== 'unchanged')
    const manifest = new Map(this.#manifest)
    for (const { parts, ...file } of planned) {
      if (parts === undefined) manifest.set(manifestKey(file), contentHash(file.text))
      else for (const [part, hash] of parts) manifest.set(manifestKey(file, part), hash)
    }
    const record = manifestFile(manifest)
    if (changed.length === 0 && (await this.read(MANIFEST_PATH)) === record.text) return
    for (const { path, place } of changed) if (place === 'project') await this.#makeProjectFolder(path)
    const staged = await Promise.all(
      [...changed, record].map(async (file) => ({ ...file, owner: await this.#ownerOf(file) })),
    )
    await guarded(() => replaceTogether({ out: this.path, project: this.#options.project }, staged))
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
      await guarded(() => finishInterrupted({ out: this.path, project: this.#options.project }))
    } catch (error) {
      await this.close()
      throw error
    }
  }

  async #stateOf(file: OutputFile): Promise<FileState | 'foreign'> {
    const bytes = await this.#bytes(file)
    if (bytes === undefined) return 'created'
    if (bytes.equals(Buffer.from(file.text))) return (await this.#isProtected(file)) ? 'unchanged' : 'updated'
    const ours = file.parts !== undefined || this.#manifest.get(manifestKey(file)) === contentHash(bytes)
    return ours ? 'updated' : 'foreign'
  }

  #why(file: OutputFile): string {
    return this.#manifest.has(manifestKey(file))
      ? 'was changed by hand since'
      : 'was not written by this generator'
  }

  #at({ path, place }: Placed): string {
    return join(this.#root(place), path)
  }

  #root(place: Place | undefined): string {
    const { project } = this.#options
    if (place !== 'project') return this.path
    if (project === undefined) throw new TypeError('no project was given')
    return project
  }

  /** In the project the modes are whoever's they are. */
  async #modeOf(file: OutputFile): Promise<number> {
    if (file.place !== 'project') return file.mode
    const facts = await lstat(this.#at(file)).catch(() => undefined)
    return facts === undefined ? file.mode : facts.mode & MODE_BITS
  }

  /** Mode and owner as they should be. Windows has neither. */
  async #isProtected(file: OutputFile): Promise<boolean> {
    if (process.platform === 'win32' || file.place === 'project') return true
    const facts = await lstat(this.#at(file))
    const owner = await this.#ownerOf(file)
    return (facts.mode & MODE_BITS) === file.mode && (owner === undefined || owner.uid === facts.uid)
  }

  async #ownerOf({ path, place }: Placed): Promise<Owner | undefined> {
    if (place === 'project') return this.#projectOwner()
    const directory = Object.values(DIRECTORIES).find((entry) => path.startsWith(`${entry.path}/`))
    return directory?.audience === 'server' ? this.#options.serverOwner : undefined
  }

  /** What root writes into somebody's project has to stay theirs. */
  async #projectOwner(): Promise<Owner | undefined> {
    if (process.getuid?.() !== 0) return undefined
    const { uid, gid } = await lstat(this.#root('project'))
    return { uid, gid }
  }

  async #makeProjectFolder(path: string): Promise<void> {
    const owner = await this.#projectOwner()
    for (const folder of foldersAbove(path)) {
      const at = this.#at({ path: folder, place: 'project' })
      await guarded(async () => {
        const made = await mkdir(at, { recursive: true })
        if (made !== undefined && owner !== undefined) await chown(at, owner.uid, owner.gid)
      })
    }
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
  async #bytes({ path, place }: Placed): Promise<Buffer | undefined> {
    for (const folder of foldersAbove(path)) await refuseLink(this.#at({ path: folder, place }), folder)
    try {
      const handle = await open(this.#at({ path, place }), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
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

/** `a` and `a/b` of `a/b/c`. */
function foldersAbove(path: string): readonly string[] {
  const folder = posix.dirname(path)
  return folder === '.' ? [] : [...foldersAbove(folder), folder]
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
