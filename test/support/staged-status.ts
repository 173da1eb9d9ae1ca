import type { RequestHandler } from 'express'

import { SecurityEvents } from '../../lib/events.js'
import { Measurements } from '../../lib/measurements.js'
import type { Evidence, Observations } from '../../lib/monitor/observations.js'
import { createSecurityMonitor } from '../../lib/monitor/security-monitor.js'
import { buildStatus } from '../../lib/monitor/status.js'
import type { SecurityStatus } from '../../lib/monitor/status.js'
import { readSettings } from '../../lib/settings/read.js'
import { eventsAnswer, statusAnswer } from '../../middleware/status-answers.js'
import { send } from '../../middleware/status-send.js'
import type { StatusSource } from '../../middleware/status-source.js'
import { StatusStreams } from '../../middleware/status-stream.js'

const HOUR = 60 * 60_000
const DAY = 24 * HOUR

/** What a person may find, from "all is well" to "nobody is there". */
export const STAGES = ['pass', 'warn', 'fail', 'unknown', 'away'] as const
export type Stage = (typeof STAGES)[number]

/** What the page says first in each of them. */
export const HEADINGS: Readonly<Record<Stage, string>> = {
  pass: 'The cache is safe',
  warn: 'The cache is protected, but look at this',
  fail: 'The cache is not safe',
  unknown: 'It is not known whether the cache is safe',
  away: 'Redis is away: the application works without its cache',
}

/**
 * A status in any state, made by what judges the real one: only what was seen is staged. `/status`, `/events` and
 * `/stream` below the mount are answered by the real router's own parts.
 */
export class StagedStatus {
  readonly #started = Date.now() - 20 * HOUR
  readonly #source: StatusSource
  readonly #streams = new StatusStreams()
  readonly #listeners = new Set<() => void>()
  #stage: Stage = 'pass'

  constructor() {
    let clock = this.#started
    const events = new SecurityEvents(() => clock)
    const monitor = createSecurityMonitor({ events, now: () => clock, activeConnections: () => 1 })
    const at = (hours: number, happen: () => void): void => {
      clock = this.#started + hours * HOUR
      happen()
    }
    at(0.1, () => events.emit('auth.success', { userName: 'cache_service' }))
    at(7.2, () => {
      events.emit('redis.unavailable', {
        errorCode: 'ERR_REDIS_REFUSED',
        message: 'nothing listens there: start Redis',
      })
    })
    at(7.6, () => events.emit('redis.recovered', { outageMs: 0.4 * HOUR }))
    at(13, () => events.emit('decrypt.failure', { reason: 'unknown_key', operation: 'get', count: 9 }))
    at(18.5, () => {
      events.emit('acl.denied', {
        reason: 'command',
        object: 'flushall',
        userName: 'health_service',
        sourceIp: '10.0.4.17',
        source: 'server',
      })
    })
    clock = Date.now()
    this.#source = {
      settings: readSettings({
        env: { REDIS_CACHE_PASSWORD: 'staged-password-0123456789', REDIS_ENCRYPTION_KEY: 'e7'.repeat(32) },
      }),
      monitor,
      measurements: used(),
      now: Date.now,
      watch: {
        status: () => this.#status(),
        serverFailures: () => (this.#stage === 'away' ? undefined : this.#failures()),
        health: () => ({ status: this.#stage === 'away' ? 'warn' : 'pass' }),
        firstLook: Promise.resolve(),
        onRound: (listener) => {
          this.#listeners.add(listener)
          return () => this.#listeners.delete(listener)
        },
        onClose: () => () => undefined,
      },
    }
  }

  /** Another state, told to whoever watches. */
  show(stage: Stage): void {
    this.#stage = stage
    for (const tell of this.#listeners) tell()
  }

  /** In front of a real router that is mounted at `path`. */
  answer(path: string): RequestHandler {
    const sources = [this.#source]
    return (req, res, next) => {
      if (req.path === `${path}/status`) void statusAnswer(sources).then((answer) => send(res, answer))
      else if (req.path === `${path}/events`) send(res, eventsAnswer(sources, new URLSearchParams()))
      else if (req.path === `${path}/stream`) this.#streams.open(res, sources)
      else next()
    }
  }

  #failures() {
    const attack = this.#stage === 'fail' ? 34 : this.#stage === 'warn' ? 3 : 0
    const lost = [[this.#started + 7.1 * HOUR, this.#started + 7.7 * HOUR]] as const
    const minutes = [
      [this.#started + 18 * HOUR, attack],
      [Date.now() - 60_000, attack],
    ] as const
    return {
      lastDay: 2 * attack,
      lastHour: attack,
      since: this.#started,
      lost,
      minutes: attack > 0 ? minutes : [],
      evictedLastDay: 312,
      rejectedLastDay: 0,
      ...(attack > 0 ? { latest: 'as "root" from 10.0.4.17' } : {}),
    }
  }

  #status(): SecurityStatus {
    const now = Date.now()
    const evidence: Evidence = {
      now,
      backend: 'redis',
      server: { host: 'redis', port: 6379, overTls: true },
      observations: this.#observations(now),
      happened: {
        since: this.#started,
        ownFailuresLastDay: 0,
        ownFailuresLastHour: 0,
        recentLoginFailures: 0,
        deniedLastHour: 0,
        decryptFailuresLastHour: this.#stage === 'fail' ? 3 : 0,
        tamperedLastHour: this.#stage === 'fail' ? 3 : 0,
      },
      warnings: WARNINGS[this.#stage] ?? [],
      authFailuresPerHour: 10,
      encryptionErrorsPerHour: 5,
      staleAfterMs: 90_000,
    }
    return buildStatus(evidence, {
      encryption: { primaryKeyId: '5f0c'.repeat(8), acceptedKeyIds: ['a71b'.repeat(8)] },
      summary: this.#source.monitor.summary(),
    })
  }

  #observations(now: number): Observations {
    const seen = <T>(what: T): { at: number; seen: T } => ({ at: now, seen: what })
    const days = this.#stage === 'warn' ? 12 : 211
    const fine: Observations = {
      connection: seen({
        up: true,
        authenticated: true,
        user: 'cache_service',
        serverVersion: '7.4.1',
        tls: {
          protocol: 'TLSv1.3',
          cipher: 'TLS_AES_256_GCM_SHA384',
          authorized: true,
          certificateExpiresAt: new Date(now + days * DAY),
          certificateValidFrom: new Date(now - (365 - days) * DAY),
        },
      }),
      anonymous: seen('login_required'),
      selfTest: seen({ sealed: true, storedSealed: true, opened: true, boundToKey: true }),
      network: seen({ addresses: ['10.0.4.2'], plaintextPorts: [{ port: 6379, answers: false }] }),
      clients: seen({ remote: ['10.0.4.3', '10.0.4.5'], plaintext: 0 }),
      access: seen({ missing: [], excessive: [], tried: 48 }),
      serverFailures: seen(this.#failures()),
    }
    const problem = { at: now, problem: 'could not be seen (ERR_CACHE_TIMEOUT)', remedy: SLOW }
    const changes: Readonly<Partial<Record<Stage, Observations>>> = {
      fail: {
        anonymous: seen('served'),
        network: seen({ addresses: ['203.0.113.7'], plaintextPorts: [{ port: 6379, answers: true }] }),
        access: seen({ missing: [], excessive: ['cache_service: flushall'], tried: 48 }),
      },
      unknown: { anonymous: problem, selfTest: problem, network: problem, clients: problem, access: problem },
      away: {
        connection: seen({ up: false, errorCode: 'ERR_REDIS_REFUSED', authenticated: false }),
        anonymous: problem,
        selfTest: problem,
        network: problem,
        clients: problem,
        access: problem,
        serverFailures: problem,
      },
    }
    return { ...fine, ...changes[this.#stage] }
  }
}

const SLOW = "look at the server's load: `redis-cli --latency`"

const WARNINGS: Readonly<Partial<Record<Stage, Evidence['warnings']>>> = {
  warn: [
    {
      variable: 'REDIS_HOTS',
      message: 'REDIS_HOTS is not known: did you mean `REDIS_HOST`?',
      insecure: false,
    },
  ],
  fail: [
    {
      variable: 'REDIS_UNSAFE_NO_CERTIFICATE_CHECK',
      message: 'whoever stands between can be the server',
      insecure: true,
    },
  ],
}

function used(): Measurements {
  const measurements = new Measurements()
  measurements.count('get', 'hit', 91_204)
  measurements.count('get', 'miss', 7_318)
  measurements.count('set', 'ok', 7_318)
  measurements.count('get', 'timeout', 2)
  for (let round = 0; round < 200; round += 1) {
    measurements.time('get', 0.4 + (round % 20) / 20)
    measurements.time('set', 0.7 + (round % 10) / 10)
  }
  return measurements
}
