import { stat } from 'node:fs/promises'
import writeFileAtomic from 'write-file-atomic'
import { UsageError } from './usage-error.js'

/** Owner and group may keep what they have; nobody else reads or writes a secret (FIL-001). */
const KEPT = 0o770
const OWNER_ALONE = 0o600

interface Access {
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/**
 * Writes a file anew, whole or not at all, readable by whoever could read it before: owner, group and their part of the
 * mode stay, for an application may be of the group. A new one takes those of the file `beside` it, or is its owner's
 * alone.
 *
 * @throws {UsageError} where whoever runs this cannot give it back to its owner
 */
export async function replaceFile(path: string, text: string, beside = path): Promise<void> {
  const access = (await accessOf(path)) ?? (await accessOf(beside))
  if (access === undefined) {
    await writeFileAtomic(path, text, { mode: OWNER_ALONE })
    return
  }
  const own = process.geteuid?.()
  if (own !== undefined && own !== 0 && own !== access.uid) {
    throw new UsageError(
      `${path} would not belong to its owner any more`,
      'run this as the user that it belongs to, or as root',
    )
  }
  const { mode, uid, gid } = access
  await writeFileAtomic(path, text, { mode: mode & KEPT, chown: { uid, gid } })
}

async function accessOf(path: string): Promise<Access | undefined> {
  return stat(path).catch(() => undefined)
}
