import { chmod, chown, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { OutputFile } from './folder.js'
import type { Owner } from './view-model.js'

/** A file to be put in place, and who shall own it. */
export interface StagedFile extends OutputFile {
  readonly owner?: Owner | undefined
}

/** Complete copies wait here until the commit record says that all of them are there. */
const PENDING = '.pending'
const RECORD = 'commit.json'

/**
 * Puts all files in place, or none: complete copies first, then a record of where they go, then renames.
 * A run killed before the record has changed nothing; one killed after it is completed by the next
 * {@link finishInterrupted}. Certificate and key, password and hash, never part company.
 */
export async function replaceTogether(out: string, files: readonly StagedFile[]): Promise<void> {
  const pending = join(out, PENDING)
  await rm(pending, { recursive: true, force: true })
  await mkdir(pending, { mode: 0o700 })
  for (const [index, file] of files.entries()) await writeDurably(join(pending, String(index)), file)
  const record = files.map(({ path }) => path)
  const unfinished = join(pending, `${RECORD}.new`)
  await writeDurably(unfinished, { path: RECORD, text: JSON.stringify(record), mode: 0o600 })
  await syncDirectory(pending)
  await rename(unfinished, join(pending, RECORD))
  await syncDirectory(pending)
  await putInPlace(out, record)
}

/** Completes what an interrupted run had decided, and throws away what it had not. */
export async function finishInterrupted(out: string): Promise<void> {
  const record = await readRecord(join(out, PENDING, RECORD))
  if (record === undefined) await rm(join(out, PENDING), { recursive: true, force: true })
  else await putInPlace(out, record)
}

async function putInPlace(out: string, record: readonly string[]): Promise<void> {
  const pending = join(out, PENDING)
  for (const [index, path] of record.entries()) {
    try {
      await rename(join(pending, String(index)), join(out, path))
    } catch (error) {
      // Put in place by the run that was interrupted.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
  }
  await syncDirectory(out)
  await rm(pending, { recursive: true, force: true })
}

async function readRecord(file: string): Promise<readonly string[] | undefined> {
  try {
    const record: unknown = JSON.parse(await readFile(file, 'utf8'))
    return Array.isArray(record) && record.every(isPathInside) ? record : undefined
  } catch {
    return undefined
  }
}

/** The record is a file that somebody may have changed: it must not lead out of the folder. */
function isPathInside(path: unknown): path is string {
  return (
    typeof path === 'string' &&
    /^(?:[a-z]+\/){0,2}[A-Za-z.][A-Za-z0-9_.-]*$/.test(path) &&
    !path.includes('..')
  )
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
