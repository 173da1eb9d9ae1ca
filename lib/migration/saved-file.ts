import { chmod, readFile, stat } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import type { SavedFile } from './records.js'

/** Nothing for others, whatever it was: what an open server had in its files was no secret. */
const KEPT_MODE = 0o640

/**
 * redis.conf and users.acl of a server on this machine, as they are before the server writes to them. None
 * where they cannot be read from here: then CONFIG REWRITE and ACL SAVE of the way back bring their meaning
 * back, not their bytes.
 */
export async function readServerFiles(paths: readonly string[]): Promise<readonly SavedFile[]> {
  const found = await Promise.all(paths.filter(isAbsolute).map(readServerFile))
  return found.filter((file) => file !== undefined)
}

async function readServerFile(path: string): Promise<SavedFile | undefined> {
  try {
    const [bytes, { mode }] = await Promise.all([readFile(path), stat(path)])
    return { path, mode: mode & 0o777, base64: bytes.toString('base64') }
  } catch {
    return undefined
  }
}

/** Writes the files as they were, modes included. One that cannot be written stays as the server left it. */
export async function restoreServerFiles(files: readonly SavedFile[]): Promise<void> {
  for (const { path, mode, base64 } of files) {
    await writeFileAtomic(path, Buffer.from(base64, 'base64'), { mode }).catch(() => undefined)
  }
}

/** ACL SAVE and CONFIG REWRITE open the files to others (docs/redis.md), with hashes of passwords in them. */
export async function keepModes(files: readonly SavedFile[]): Promise<void> {
  for (const { path, mode } of files) await chmod(path, mode & KEPT_MODE).catch(() => undefined)
}
