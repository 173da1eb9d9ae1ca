import { CacheError } from '../errors.js'
import { contentIn } from './changes.js'
import { connectTo, type ConnectOptions } from './connecting.js'
import { factsOf, type ServerFacts } from './facts.js'
import type { Journal } from './journal.js'
import { MigrationLock } from './lock.js'
import { Progress } from './progress.js'
import type { JournalRecord, Place } from './records.js'
import { itemName } from './server-state.js'
import type { MigrationServer } from './server.js'

export interface SessionOptions extends ConnectOptions {
  readonly journal: Journal
  readonly acceptChanges?: boolean | undefined
}

/** A run under way: connected, alone, and sure that the server is as the last run left it. */
export class Session {
  readonly server: MigrationServer
  readonly place: Place
  readonly journal: Journal
  readonly progress: Progress
  readonly lock: MigrationLock
  readonly facts: ServerFacts

  constructor(parts: {
    readonly server: MigrationServer
    readonly place: Place
    readonly journal: Journal
    readonly progress: Progress
    readonly lock: MigrationLock
    readonly facts: ServerFacts
  }) {
    this.server = parts.server
    this.place = parts.place
    this.journal = parts.journal
    this.progress = parts.progress
    this.lock = parts.lock
    this.facts = parts.facts
  }

  /** On disk first, then it counts. */
  async record(record: JournalRecord): Promise<void> {
    await this.journal.append(record)
    this.progress.take(record)
  }

  async close(): Promise<void> {
    await this.lock.release()
    await this.server.close()
  }
}

/**
 * Connects, takes the lock and compares the server with the journal.
 *
 * @throws {CacheError} ERR_MIGRATION_LOCKED, ERR_MIGRATION_CHANGED, ERR_REDIS_…
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { journal, settings } = options
  const progress = new Progress(journal.records)
  const { server, place } = await connectTo(options, progress)
  const lock = new MigrationLock({ server, keyPrefix: settings.redis.keyPrefix, journal: journal.id })
  try {
    await lock.acquire()
    const facts = await factsOf(server)
    const session = new Session({ server, place, journal, progress, lock, facts })
    await lookForChanges(session, options.acceptChanges === true)
    return session
  } catch (error) {
    await lock.release()
    await server.close()
    throw error
  }
}

async function lookForChanges(session: Session, accepts: boolean): Promise<void> {
  const { progress, facts } = session
  const items = progress.foreignChanges(facts.state)
  if (items.length === 0) return
  if (accepts) {
    const accepted = items.map((item) => ({ ...item, content: contentIn(facts.state, item) }))
    return session.record({ type: 'accepted', items: accepted })
  }
  const names = items.map(({ kind, name }) => itemName(kind, name)).join(', ')
  const restarted = facts.runId === progress.begun?.runId ? '' : ' (it was restarted since it began)'
  throw new CacheError(
    'ERR_MIGRATION_CHANGED',
    `the server is not as the last run left it${restarted}: ${names}. Change it back, or go on with --accept-changes`,
  )
}
