import type { KeyRing } from '../lib/crypto/key-ring.js'
import { isCacheError } from '../lib/errors.js'
import { FolderLock } from '../lib/migration/folder-lock.js'
import { Journal } from '../lib/migration/journal.js'
import { say } from './report.js'

/**
 * Seals the journal of a migration anew under the key that seals, so that its way back does not end with an old key.
 * Returns why that cannot be done; nothing where there is no journal, or none under another key.
 */
export async function resealJournal(folder: string, keyRing: KeyRing): Promise<readonly string[]> {
  try {
    const ids = await Journal.keyIds(folder)
    if (ids === undefined || [...ids].every((id) => id === keyRing.primaryId)) return []
    const hold = await FolderLock.take(folder)
    try {
      await Journal.reseal({ folder, keyRing, hold })
    } finally {
      await hold.release()
    }
    say(`the journal in ${folder} is sealed anew`)
    return []
  } catch (error) {
    if (!isCacheError(error)) throw error
    return [
      `the journal in ${folder}, without which no migration can be taken back, stays as it is: ${error.message}`,
    ]
  }
}
