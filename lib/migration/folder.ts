import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Nobody else looks into it. */
const MODE = 0o700

/**
 * Makes a folder, 0700, with those above it. Not `mkdir` with `recursive`: where a folder that is there says ENOENT, as
 * /proc does, that tries for ever and never returns (tried on Node 20.20).
 *
 * Rejects with the error of the file system.
 */
export async function makeFolder(path: string): Promise<void> {
  if (await isThere(path)) return
  const above = dirname(path)
  if (above !== path) await makeFolder(above)
  await mkdir(path, { mode: MODE }).catch(async (error: unknown) => {
    // Somebody else was first.
    if (!(await isThere(path))) throw error
  })
}

/** @throws where something else is there that is no folder */
async function isThere(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
  if (found !== undefined && !found.isDirectory()) {
    throw Object.assign(new Error('no folder'), { code: 'ENOTDIR' })
  }
  return found !== undefined
}
