import { createHash } from 'node:crypto'
import { chmod, readFile, stat } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { persist, type Persisted } from './persistence.js'
import type { Progress } from './progress.js'
import type { FileState, SavedFile } from './records.js'
import type { Session } from './session.js'

/** Nothing for others, whatever it was: what an open server had in its files was no secret. */
const KEPT_MODE = 0o640
/** The file is of whoever has made it, and that is the server. */
const OWNER_READS = 0o400

interface Look {
  /** Device and inode: another file under the same name has others. */
  readonly file: string
  readonly sha256: string
}

/**
 * redis.conf and users.acl under the paths that the server names, as they are before it writes to them. None where
 * they cannot be read from here. Whether they are the server's own files only shows when it writes.
 */
export async function readServerFiles(paths: readonly string[]): Promise<readonly SavedFile[]> {
  const found = await Promise.all(paths.filter(isAbsolute).map(readServerFile))
  return found.filter((file) => file !== undefined)
}

async function readServerFile(path: string): Promise<SavedFile | undefined> {
  try {
    const [bytes, { mode, uid, gid }] = await Promise.all([readFile(path), stat(path)])
    return { path, mode: mode & 0o777, owner: { uid, gid }, base64: bytes.toString('base64') }
  } catch {
    return undefined
  }
}

/**
 * Makes the server write its files, and notes which of those here it has written: Redis puts a new file in the place
 * of the old one (tried on 7.0.15), so that a server which is elsewhere, with the same path, leaves ours alone.
 * Only a file that was just written by the server is touched here: CONFIG REWRITE and ACL SAVE open it to others
 * (docs/redis.md), with hashes of passwords in it.
 */
export async function persistServerFiles(session: Session): Promise<Persisted> {
  const before = new Map<string, Look>()
  for (const file of session.progress.files) {
    const look = await lookAt(file.path)
    if (look === undefined) continue
    before.set(file.path, look)
    await noteBefore(session, file, look)
  }
  const persisted = await persist(session.server)
  for (const file of session.progress.files) {
    const old = before.get(file.path)
    const look = await lookAt(file.path)
    if (old !== undefined && look !== undefined) await noteAfter(session, file, { old, look })
  }
  return persisted
}

async function noteBefore(session: Session, file: SavedFile, look: Look): Promise<void> {
  const { path } = file
  const known = session.progress.serverFiles.get(path)
  if (known === undefined || known.is === 'changed') return
  const is = isForeign(look, known) ? 'changed' : 'being-written'
  await session.record({ type: 'file', path, is })
}

async function noteAfter(
  session: Session,
  file: SavedFile,
  { old, look }: { readonly old: Look; readonly look: Look },
): Promise<void> {
  const { path, mode, base64 } = file
  const known = session.progress.serverFiles.get(path)
  const isNew = look.file !== old.file
  if (isNew) await chmod(path, (mode & KEPT_MODE) | OWNER_READS).catch(() => undefined)
  const isSaved = old.sha256 === sha256Of(Buffer.from(base64, 'base64'))
  // Seen for the first time, and what it replaced is not what was saved: there is nothing to bring back.
  if (known?.is === 'changed' || (known === undefined && !(isNew && isSaved))) return
  await session.record({ type: 'file', path, is: 'written', sha256: look.sha256 })
}

/**
 * Writes the files of the server as they were, modes and owners included, where nobody else has changed them since
 * the server wrote them. Returns a sentence for each that stays as it is.
 */
export async function restoreServerFiles(progress: Progress): Promise<readonly string[]> {
  const notes: string[] = []
  for (const file of progress.files) {
    const { path, mode, owner, base64 } = file
    const known = progress.serverFiles.get(path)
    // A file that the server was never seen to write is not known to be its own.
    if (known === undefined) continue
    const look = await lookAt(path)
    if (known.is === 'changed' || look === undefined || isForeign(look, known)) {
      notes.push(`${path} stays as it is: somebody else has changed it since the server wrote it`)
      continue
    }
    try {
      await writeFileAtomic(path, Buffer.from(base64, 'base64'), { mode, chown: owner })
    } catch {
      notes.push(`${path} stays as the server wrote it: this user may not write there`)
    }
  }
  return notes
}

/** Whether somebody else has written to it since. After a crash in the middle it may be the old one, or the new one. */
function isForeign(look: Look, known: FileState): boolean {
  return known.is === 'written' && look.sha256 !== known.sha256
}

async function lookAt(path: string): Promise<Look | undefined> {
  try {
    const [bytes, { dev, ino }] = await Promise.all([readFile(path), stat(path)])
    return { file: `${dev}:${ino}`, sha256: sha256Of(bytes) }
  } catch {
    return undefined
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
