import { CacheError } from '../errors.js'
import { contentIn } from './changes.js'
import { courseUnderWay, type Course } from './course.js'
import { connectTo, type ConnectOptions } from './connecting.js'
import { factsOf, type ServerFacts } from './facts.js'
import { Hold } from './hold.js'
import { Journal, type JournalOptions } from './journal.js'
import { Progress } from './progress.js'
import type { JournalRecord, Place } from './records.js'
import { itemName } from './server-state.js'
import type { MigrationServer } from './server.js'

export interface SessionOptions extends Omit<ConnectOptions, 'steps'>, JournalOptions {
  readonly acceptChanges?: boolean | undefined
}

/** A run under way: connected, alone, and sure that the server is as the last run left it. */
export class Session {
  readonly server: MigrationServer
  readonly place: Place
  readonly journal: Journal
  readonly progress: Progress
  readonly course: Course
  readonly hold: Hold
  readonly facts: ServerFacts

  constructor(parts: {
    readonly server: MigrationServer
    readonly place: Place
    readonly journal: Journal
    readonly progress: Progress
    readonly course: Course
    readonly hold: Hold
    readonly facts: ServerFacts
  }) {
    this.server = parts.server
    this.place = parts.place
    this.journal = parts.journal
    this.progress = parts.progress
    this.course = parts.course
    this.hold = parts.hold
    this.facts = parts.facts
  }

  /** On disk first, then it counts. */
  async record(record: JournalRecord): Promise<void> {
    await this.journal.append(record)
    this.progress.take(record)
  }

  async close(): Promise<void> {
    await this.journal.close()
    await this.hold.release()
    await this.server.close()
  }
}

/**
 * Takes the folder, connects the way that its journal says, takes the server, and only then opens the journal for
 * writing and compares the server with it.
 *
 * @throws {CacheError} ERR_MIGRATION_LOCKED, ERR_MIGRATION_JOURNAL, ERR_MIGRATION_CHANGED, ERR_REDIS_…
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const hold = await Hold.ofFolder(options.folder)
  let server: MigrationServer | undefined
  let journal: Journal | undefined
  try {
    const before = new Progress((await Journal.read(options)) ?? [])
    const course = courseUnderWay(options.settings, before)
    const connected = await connectTo({ ...options, ...course }, before)
    server = connected.server
    await hold.takeServer(server, course.settings.redis.keyPrefix)
    journal = await Journal.open({ ...options, hold })
    const forgotten = { type: 'forgotten', at: new Date().toISOString() } as const
    const progress = new Progress([...journal.records, ...(connected.hasForgotten ? [forgotten] : [])])
    const facts = await factsOf(server, { measures: progress.backup === undefined })
    const session = new Session({
      server,
      place: connected.place,
      journal,
      progress,
      course: courseUnderWay(options.settings, progress),
      hold,
      facts,
    })
    const changes = foreignChanges(session, options.acceptChanges === true)
    // Only now: it is our server, and not another one at the old address.
    if (connected.hasForgotten) await journal.append(forgotten)
    if (changes !== undefined) await session.record(changes)
    return session
  } catch (error) {
    await journal?.close()
    await hold.release()
    await server?.close()
    throw error
  }
}

/** What somebody else has changed, to be taken as it is. @throws {CacheError} ERR_MIGRATION_CHANGED where it must not be */
function foreignChanges({ progress, facts }: Session, accepts: boolean): JournalRecord | undefined {
  const items = progress.foreignChanges(facts.state)
  if (items.length === 0) return undefined
  if (accepts) {
    const accepted = items.map((item) => ({ ...item, content: contentIn(facts.state, item) }))
    return { type: 'accepted', items: accepted }
  }
  const names = items.map(({ kind, name }) => itemName(kind, name)).join(', ')
  const restarted = facts.runId === progress.begun?.runId ? '' : ' (it was restarted since it began)'
  throw new CacheError(
    'ERR_MIGRATION_CHANGED',
    `the server is not as the last run left it${restarted}: ${names}. Change it back, or go on with --accept-changes`,
  )
}
