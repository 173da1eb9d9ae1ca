import { chmod, readFile, stat } from 'node:fs/promises'
import writeFileAtomic from 'write-file-atomic'
import type { SavedFile } from './records.js'

/** Nothing for others, whatever it was: what an open server had in it was no secret. */
const KEPT_MODE = 0o640

/**
 * redis.conf of a server on this machine, as it is before the server writes to it. Undefined where there is
 * none, or where it cannot be read from here: then CONFIG REWRITE of the way back brings its meaning back, not
 * its bytes.
 */
export async function readConfigFile(path: string): Promise<SavedFile | undefined> {
  if (path === '') return undefined
  try {
    const [bytes, { mode }] = await Promise.all([readFile(path), stat(path)])
    return { path, mode: mode & 0o777, base64: bytes.toString('base64') }
  } catch {
    return undefined
  }
}

/** Writes the file as it was, mode included. A file that cannot be written stays as the server left it. */
export async function restoreConfigFile(saved: SavedFile | undefined): Promise<boolean> {
  if (saved === undefined) return false
  try {
    await writeFileAtomic(saved.path, Buffer.from(saved.base64, 'base64'), { mode: saved.mode })
    return true
  } catch {
    return false
  }
}

/** Gives the file the mode that it had: it holds hashes of passwords now. */
export async function keepMode(saved: SavedFile | undefined): Promise<void> {
  if (saved === undefined) return
  await chmod(saved.path, saved.mode & KEPT_MODE).catch(() => undefined)
}
