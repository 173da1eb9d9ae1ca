import { setTimeout as pause } from 'node:timers/promises'
import type { CacheHealth } from '../interface.js'
import type { ConnectionSeen, Evidence, Happened, ServerFailuresSeen } from './observations.js'
import { serverReach } from './checks/commands.js'
import { freshlySeen } from './checks/verdict.js'
import { CertificateWatch } from './certificate-watch.js'
import { connectionSeen } from './connection-look.js'
import { Observer } from './observer.js'
import { looksAt, type LooksAtCache } from './looks.js'
import { buildStatus } from './status.js'
import type { SecurityStatus } from './status.js'
import type { EventMonitor } from './security-monitor.js'
import type { WatchedParts } from './watched-parts.js'

/** Everything older than this many rounds is no longer known. */
const STALE_ROUNDS = 3

/** How long an answer waits for the first look; later ones wait for nothing. */
const FIRST_LOOK_MS = 3000

/** The watch as whoever shows it sees it: what it answers without I/O, and when there is something new. */
export type AnsweringWatch = Pick<
  SecurityWatch,
  'status' | 'serverFailures' | 'health' | 'firstLook' | 'onRound' | 'onClose'
>

/**
 * Watches the security of one cache: looks in the background, and answers from what was seen. Answering does
 * no I/O. `close` ends everything that it opened.
 */
export class SecurityWatch {
  readonly #parts: WatchedParts
  readonly #now: () => number
  readonly #observer: Observer
  readonly #closeLooks: () => Promise<void>
  readonly #stopListening: () => void
  readonly #onRound = new Set<() => void>()
  readonly #onClose = new Set<() => void>()
  /** Password or certificates of user monitor have changed. */
  readonly renew: LooksAtCache['renew']
  #started = false
  #firstLook: Promise<void> | undefined
  #closed = false

  constructor(parts: WatchedParts) {
    this.#parts = parts
    this.#now = parts.now ?? Date.now
    const { looks, close, renew } = looksAt(parts)
    this.renew = renew
    const certificates = new CertificateWatch(parts.events)
    this.#closeLooks = close
    this.#observer = new Observer({
      looks,
      intervalMs: parts.settings.security.watchInterval * 1000,
      onRound: () => {
        certificates.look(this.#connection()?.tls?.certificateExpiresAt, this.#now())
        for (const listener of this.#onRound) listener()
      },
      now: this.#now,
    })
    this.#stopListening =
      parts.connection?.onStatus(() => {
        this.#observer.lookSoon()
      }) ?? (() => undefined)
  }

  /** Begins to look, as soon as the connection is there or has failed; again does nothing. */
  start(): void {
    if (this.#started) return
    this.#started = true
    void this.#begin()
  }

  /** Resolves when everything was looked at once, or after three seconds: what is not known then says so. */
  get firstLook(): Promise<void> {
    this.#firstLook ??= Promise.race([
      this.#observer.firstRound,
      pause(FIRST_LOOK_MS, undefined, { ref: false }),
    ])
    return this.#firstLook
  }

  /** Calls the listener after each round of looks. Returns the call that stops it. */
  onRound(listener: () => void): () => void {
    return listen(this.#onRound, listener)
  }

  /** Calls the listener when the cache closes. Returns the call that stops it. */
  onClose(listener: () => void): () => void {
    return listen(this.#onClose, listener)
  }

  /** One round of looks that begins after this call. Never rejects. */
  look(): Promise<void> {
    return this.#observer.look()
  }

  status(): SecurityStatus {
    return buildStatus(this.#evidence(), {
      encryption: this.#parts.encryption(),
      summary: this.#parts.monitor.summary(),
    })
  }

  /** Failed logins as the server counts them; undefined where its counter cannot be read, or not lately. */
  serverFailures(): ServerFailuresSeen | undefined {
    return freshlySeen(this.#evidence(), 'serverFailures')
  }

  /**
   * Whether operations work, degrade or throw: the one rule behind `cache.health()`, `/health` and the metric
   * `secure_cache_up`. From what is known already: no I/O. `required`: the application cannot do without.
   */
  health({ required = false }: { readonly required?: boolean | undefined } = {}): CacheHealth {
    const { connection, settings } = this.#parts
    const connected = connection === undefined || connection.status === 'up'
    const keysReady = !settings.encryption.enabled || this.#parts.encryption() !== undefined
    if (connected && keysReady) return { status: 'pass' }
    const fails = required || settings.cache.onFailure === 'throw'
    return { status: fails ? 'fail' : 'warn', errorCode: connection?.facts().lastErrorCode }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const listener of this.#onClose) listener()
    this.#stopListening()
    this.#observer.stop()
    await this.#closeLooks()
  }

  async #begin(): Promise<void> {
    const timeoutMs = this.#parts.settings.redis.connectTimeoutMs
    await this.#parts.connection?.ready({ timeoutMs }).catch(() => undefined)
    if (!this.#closed) this.#observer.start()
  }

  #evidence(): Evidence {
    const { settings, connection: connected } = this.#parts
    const { security } = settings
    const connection = this.#connection()
    const now = this.#now()
    return {
      now,
      backend: settings.backend,
      server: connected && serverReach(connected, settings),
      observations: {
        ...this.#observer.observations,
        // Read, not looked up: the state of the live socket at this moment.
        ...(connection === undefined ? {} : { connection: { at: now, seen: connection } }),
      },
      happened: this.#happened(),
      warnings: settings.warnings,
      authFailuresPerHour: security.authFailuresPerHour,
      encryptionErrorsPerHour: security.encryptionErrorsPerHour,
      staleAfterMs: security.watchInterval * 1000 * STALE_ROUNDS,
    }
  }

  #connection(): ConnectionSeen | undefined {
    const { connection } = this.#parts
    return connection && connectionSeen(connection.facts())
  }

  #happened(): Happened {
    const { monitor } = this.#parts
    return {
      since: monitor.since,
      ownFailuresLastDay: monitor.count('own_auth_failures', 24),
      ownFailuresLastHour: monitor.count('own_auth_failures', 1),
      recentLoginFailures: monitor.recentLoginFailures(),
      deniedLastHour: monitor.count('acl_denied', 1),
      latestDenial: latestDenial(monitor),
      decryptFailuresLastHour: monitor.count('decrypt_failures', 1),
      tamperedLastHour: monitor.count('tampered_values', 1),
    }
  }
}

function latestDenial(monitor: EventMonitor): string | undefined {
  const [event] = monitor.recentEvents({ type: 'acl.denied', limit: 1 })
  if (event?.type !== 'acl.denied') return undefined
  const { reason, object, userName, sourceIp } = event
  const what = object === undefined ? `a ${reason}` : `${reason} "${object}"`
  const who = userName === undefined ? '' : ` to user "${userName}"`
  return `${what}${who}${sourceIp === undefined ? '' : ` from ${sourceIp}`}`
}

function listen(listeners: Set<() => void>, listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
