import { FolderLock } from './folder-lock.js'
import { MigrationLock } from './lock.js'
import type { MigrationServer } from './server.js'

/** Whoever may write, and knows whether that still holds. */
export interface Held {
  /** @throws {CacheError} ERR_MIGRATION_LOCKED where it does not hold any more */
  confirm(): Promise<void>
}

/**
 * What a run holds: the folder, so that nobody else touches its journal, and then the server, so that nobody touches
 * that from another folder. In this order, because only the journal says how the server is reached now.
 */
export class Hold implements Held {
  readonly #folder: FolderLock
  #server: MigrationLock | undefined

  private constructor(folder: FolderLock) {
    this.#folder = folder
  }

  /** @throws {CacheError} ERR_MIGRATION_LOCKED, ERR_MIGRATION_JOURNAL */
  static async ofFolder(folder: string): Promise<Hold> {
    return new Hold(await FolderLock.take(folder))
  }

  /** @throws {CacheError} ERR_MIGRATION_LOCKED */
  async takeServer(server: MigrationServer, keyPrefix: string): Promise<void> {
    const { token, crashed } = this.#folder
    const lock = new MigrationLock({ server, keyPrefix, token, crashed })
    await lock.acquire()
    this.#server = lock
  }

  async confirm(): Promise<void> {
    await this.#folder.confirm()
    await this.#server?.confirm()
  }

  /** While the server can still be reached. */
  async release(): Promise<void> {
    await this.#server?.release()
    await this.#folder.release()
  }
}
