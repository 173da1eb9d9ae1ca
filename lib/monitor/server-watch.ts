import type { SecurityEvents } from '../events.js'
import type { ServerVersion } from '../redis/versions.js'
import { drillAccess } from './access-drill.js'
import type { AclDrillUser, Ask } from './access-drill.js'
import { readAclLog } from './acl-log.js'
import type { AclLogEntry } from './acl-log.js'
import { readClients } from './client-list.js'
import type { OurSocket } from './client-list.js'
import { FailureLedger, parseLedger } from './failure-ledger.js'
import type { AccessSeen, ClientsSeen, ServerFailuresSeen } from './observations.js'
import type { SealedPlace } from './sealed-place.js'
import type { EventMonitor } from './security-monitor.js'
import { DAY_MS, SlidingCount } from './sliding-count.js'
import { beganAnew } from './server-info.js'
import type { ServerInfo } from './server-info.js'

/** Enough for who and what; more would only read more of what an attacker wrote. */
const LOG_ENTRIES = 8
const LEDGER_KEY = 'failed-logins'
/** A day, and an hour for the clocks of others. */
const LEDGER_SECONDS = 25 * 60 * 60
const LEDGER_REFRESH_MS = 10 * 60_000

/** A connection of its own, as user monitor. */
export interface WatchSession {
  readonly ask: Ask
  readonly info: () => Promise<ServerInfo>
  readonly socket: OurSocket
}

export interface ServerWatchOptions {
  readonly session: WatchSession
  readonly events: SecurityEvents
  readonly monitor: EventMonitor
  /** Where the count rests between deployments (`@watch`). */
  readonly place: SealedPlace | undefined
  readonly users: readonly AclDrillUser[]
  readonly keyPrefix: string
  /** Hides secrets of ours in what others typed. */
  readonly hide?: ((text: string) => string) | undefined
  /** Alert threshold: failed logins by others within an hour, reached, not exceeded. */
  readonly authFailuresPerHour: number
  /** Unix milliseconds. */
  readonly now: () => number
}

/** What a look compares with the one before. */
interface Before {
  readonly info: ServerInfo
  readonly at: number
  readonly ownFailures: number
  readonly ownDenials: number
}

/**
 * What happens on the server, by anyone: polled, because Redis pushes none of it. Each look turns what
 * changed since the one before into events.
 */
export class ServerWatch {
  readonly #options: ServerWatchOptions
  readonly #ledger = new FailureLedger()
  /** By the server, for anyone; since this process looks. */
  readonly #evicted = new SlidingCount()
  readonly #rejected = new SlidingCount()
  #before: Before | undefined
  #latestLogin: string | undefined
  #savedAt = 0
  /** Failed logins of our own that the server's counter did not show yet. */
  #early = 0
  #alarmed = false
  #plaintext = 0
  #drift = ''

  constructor(options: ServerWatchOptions) {
    this.#options = options
  }

  async failures(): Promise<ServerFailuresSeen> {
    const { session, now, hide } = this.#options
    await this.#resume()
    const info = await session.info()
    const log = readAclLog(await session.ask('ACL', 'LOG', String(LOG_ENTRIES)), hide)
    const at = now()
    const growth = this.#ledger.read({ ...info, counter: info.failedLogins }, at)
    this.#tell({ info, log, at, growth })
    await this.#save(growth > 0)
    const seen = this.#ledger.seen(at)
    return {
      ...seen,
      evictedLastDay: this.#evicted.sum(at, DAY_MS),
      rejectedLastDay: this.#rejected.sum(at, DAY_MS),
      latest: seen.lastDay > 0 ? this.#latestLogin : undefined,
    }
  }

  async clients(): Promise<ClientsSeen> {
    const { session, events } = this.#options
    const seen = readClients(String(await session.ask('CLIENT', 'LIST')), session.socket)
    if (seen.plaintext > 0 && seen.plaintext !== this.#plaintext) {
      events.emit('server.plaintext_client', { count: seen.plaintext, sourceIp: seen.plaintextFrom })
    }
    this.#plaintext = seen.plaintext
    return seen
  }

  async access(version: ServerVersion): Promise<AccessSeen> {
    const { session, users, keyPrefix, events } = this.#options
    const seen = await drillAccess({ ask: session.ask, users, keyPrefix, version })
    const drift = [
      ...seen.excessive.map((what) => `may now ${what}`),
      ...seen.missing.map((what) => `lacks ${what}`),
    ].join('; ')
    if (drift !== '' && drift !== this.#drift) {
      events.emit('acl.changed', {
        userName: users.map(({ username }) => username).join(', '),
        change: drift,
      })
    }
    this.#drift = drift
    return seen
  }

  /** Our own failed logins and denials have events already: what is left is somebody else's. */
  #tell({
    info,
    log,
    at,
    growth,
  }: {
    info: ServerInfo
    log: AclLogEntry[]
    at: number
    growth: number
  }): void {
    const { events, monitor } = this.#options
    const before = this.#before
    const { ownWrongPasswords: ownFailures, ownDenials } = monitor.totals
    this.#before = { info, at, ownFailures, ownDenials }
    this.#rememberLogin(log)
    if (before === undefined) return
    const sinceSeconds = (at - before.at) / 1000 + 1
    const anew = beganAnew(before.info, info)
    if (anew) this.#early = 0
    const others = this.#withoutOurs(growth, ownFailures - before.ownFailures)
    if (others > 0) {
      const userName = log.find(
        (entry) => entry.reason === 'auth' && entry.ageSeconds <= sinceSeconds,
      )?.userName
      events.emit('auth.failure', {
        errorCode: 'ERR_REDIS_WRONGPASS',
        source: 'server',
        count: others,
        userName,
      })
    }
    if (growth > 0) this.#alarm(at)
    const grown = (count: 'denials' | 'rejectedConnections' | 'evictedKeys'): number =>
      anew || info[count] < before.info[count] ? info[count] : info[count] - before.info[count]
    const denied = grown('denials') - (ownDenials - before.ownDenials)
    if (denied > 0) {
      const entry = log.find(({ reason, ageSeconds }) => reason !== 'auth' && ageSeconds <= sinceSeconds)
      events.emit('acl.denied', {
        reason: entry?.reason ?? 'command',
        userName: entry?.userName,
        object: entry?.object,
        sourceIp: entry?.sourceIp,
        count: denied,
        source: 'server',
      })
    }
    this.#evicted.add(at, grown('evictedKeys'))
    const rejected = grown('rejectedConnections')
    this.#rejected.add(at, rejected)
    if (rejected > 0) events.emit('server.rejected', { count: rejected })
  }

  /**
   * Ours that we saw before the server's count showed them are taken out of the next growth, and of no later one.
   */
  #withoutOurs(growth: number, ours: number): number {
    const others = growth - ours - this.#early
    this.#early = Math.min(Math.max(-others, 0), ours)
    return Math.max(others, 0)
  }

  /** Server-wide brute force: once when the threshold is reached, again only after it was left. */
  #alarm(at: number): void {
    const { events, monitor, authFailuresPerHour } = this.#options
    // Our own never feed this alarm: a wrong password of ours is another trouble, with an event of its own.
    const failures = this.#ledger.seen(at).lastHour - monitor.count('own_wrong_passwords', 1)
    const reached = failures >= authFailuresPerHour
    if (reached && !this.#alarmed) {
      events.emit('auth.brute_force', { source: 'server', failures, window: 'last hour' })
    }
    this.#alarmed = reached
  }

  #rememberLogin(log: readonly AclLogEntry[]): void {
    const entry = log.find(({ reason }) => reason === 'auth')
    if (entry !== undefined) this.#latestLogin = `as "${entry.userName}" from ${entry.sourceIp}`
  }

  async #resume(): Promise<void> {
    const { place, now } = this.#options
    if (place === undefined) return
    try {
      const stored = await place.store.get(place.nameOf(LEDGER_KEY))
      const opened = stored === undefined ? undefined : place.sealing.open(LEDGER_KEY, stored)
      const record = opened === undefined ? undefined : parseLedger(opened.payload)
      if (record !== undefined) this.#ledger.continueFrom(record, now())
    } catch {
      // Sealed under a key that is gone, or the store is away: the count of this process stands by itself.
    }
  }

  async #save(changed: boolean): Promise<void> {
    const { place, now } = this.#options
    const at = now()
    const record = this.#ledger.record(at)
    if (place === undefined || record === undefined) return
    if (!changed && at - this.#savedAt < LEDGER_REFRESH_MS) return
    try {
      const payload = Buffer.from(JSON.stringify(record))
      const sealed = place.sealing.seal(LEDGER_KEY, payload, {
        codec: 'bytes',
        lifetimeSeconds: LEDGER_SECONDS,
      })
      await place.store.set(place.nameOf(LEDGER_KEY), sealed, LEDGER_SECONDS * 1000)
      this.#savedAt = at
    } catch {
      // The next look tries again: nothing is lost but what a restart of this process would lose.
    }
  }
}
