import { chmod, chown, copyFile, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { OutputFile } from './folder.js'
import type { Owner } from './view-model.js'

/** A file to be put in place, and who shall own it. */
export interface StagedFile extends OutputFile {
  readonly owner?: Owner | undefined
}

/** Where files go: the output folder, and the project where files of it are among them; absolute. */
export interface Places {
  readonly out: string
  readonly project?: string | undefined
}

/** A file of the output by its path; one of a project with the project that was meant. */
type RecordEntry = string | { readonly project: string; readonly path: string }

/** Complete copies wait here until the commit record says that all of them are there. */
const PENDING = '.pending'
const RECORD = 'commit.json'

/**
 * Puts all files in place, or none: complete copies first, then a record of where they go, then renames.
 * A run killed before the record has changed nothing; one killed after it is completed by the next
 * {@link finishInterrupted}. Certificate and key, password and hash, never part company.
 */
export async function replaceTogether(places: Places, files: readonly StagedFile[]): Promise<void> {
  const { out, project } = places
  const pending = join(out, PENDING)
  await rm(pending, { recursive: true, force: true })
  await mkdir(pending, { mode: 0o700 })
  for (const [index, file] of files.entries()) await writeDurably(join(pending, String(index)), file)
  const record = files.map(({ path, place }) =>
    place === 'project' && project !== undefined ? { project, path } : path,
  )
  const unfinished = join(pending, `${RECORD}.new`)
  await writeDurably(unfinished, { path: RECORD, text: JSON.stringify(record), mode: 0o600 })
  await syncDirectory(pending)
  await rename(unfinished, join(pending, RECORD))
  await syncDirectory(pending)
  await putInPlace(places, record)
}

/**
 * Completes what an interrupted run had decided, and throws away what it had not. Files of a project are put into
 * the one that this run is for, or nowhere: they hold no secret, and the next run there makes them again.
 */
export async function finishInterrupted(places: Places): Promise<void> {
  const record = await readRecord(join(places.out, PENDING, RECORD))
  if (record === undefined) await rm(join(places.out, PENDING), { recursive: true, force: true })
  else await putInPlace(places, record)
}

async function putInPlace({ out, project }: Places, record: readonly RecordEntry[]): Promise<void> {
  const pending = join(out, PENDING)
  for (const [index, entry] of record.entries()) {
    const target = targetOf(entry, { out, project })
    if (target === undefined) continue
    try {
      await move(join(pending, String(index)), target)
    } catch (error) {
      // Put in place by the run that was interrupted.
      if (codeOf(error) !== 'ENOENT') throw error
    }
  }
  await syncDirectory(out)
  await rm(pending, { recursive: true, force: true })
}

function targetOf(entry: RecordEntry, { out, project }: Places): string | undefined {
  if (typeof entry === 'string') return join(out, entry)
  return entry.project === project ? join(project, entry.path) : undefined
}

/** The project may lie on another file system, where a rename cannot lead: then by a copy beside the target. */
async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') throw error
    const beside = `${to}.secure-cache-new`
    await copyFile(from, beside)
    const { uid, gid } = await stat(from)
    await chown(beside, uid, gid)
    await rename(beside, to)
    await rm(from)
  }
}

async function readRecord(file: string): Promise<readonly RecordEntry[] | undefined> {
  try {
    const record: unknown = JSON.parse(await readFile(file, 'utf8'))
    return Array.isArray(record) && record.every(isEntry) ? record : undefined
  } catch {
    return undefined
  }
}

/** The record is a file that somebody may have changed: it must not lead anywhere else. */
function isEntry(entry: unknown): entry is RecordEntry {
  if (typeof entry !== 'object' || entry === null) return isPathInside(entry)
  return (
    'project' in entry && typeof entry.project === 'string' && 'path' in entry && isEditorFile(entry.path)
  )
}

function isPathInside(path: unknown): path is string {
  return (
    typeof path === 'string' &&
    /^(?:[a-z]+\/){0,2}[A-Za-z.][A-Za-z0-9_.-]*$/.test(path) &&
    !path.includes('..')
  )
}

/** Of a project nothing but files of the editor. */
function isEditorFile(path: unknown): path is string {
  return (
    typeof path === 'string' &&
    /^\.(?:vscode|devcontainer(?:\/secure-redis)?)\/[a-z-]+\.(?:json|code-snippets)$/.test(path)
  )
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

async function writeDurably(path: string, file: StagedFile): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.writeFile(file.text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  if (file.owner !== undefined) await chown(path, file.owner.uid, file.owner.gid)
  await chmod(path, file.mode)
}

/** Makes renames survive a loss of power; not every system can. */
async function syncDirectory(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r')
    await handle.sync().finally(() => handle.close())
  } catch {
    // Windows opens no directories; the renames happen all the same.
  }
}
