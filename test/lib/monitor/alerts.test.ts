import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'

import { SecurityEvents } from '../../../lib/events.js'
import type { EventFields, EventType, SecurityEvent } from '../../../lib/events.js'
import type { Alert } from '../../../lib/monitor/alert.js'
import { LOCAL_CLAIMS } from '../../../lib/monitor/alert-claims.js'
import type { AlertClaims } from '../../../lib/monitor/alert-claims.js'
import { AlertDelivery } from '../../../lib/monitor/alert-delivery.js'
import { ALERT_RULES } from '../../../lib/monitor/alert-rules.js'
import { Alerts } from '../../../lib/monitor/alerts.js'
import { ChannelFailure } from '../../../lib/monitor/channels/channel.js'
import type { AlertChannel } from '../../../lib/monitor/channels/channel.js'
import { createSecurityMonitor } from '../../../lib/monitor/security-monitor.js'
import { createRedactor } from '../../../lib/redact.js'
import { Secret } from '../../../lib/settings/secret.js'
import { ManualTime } from '../../support/manual-time.js'
import { until } from '../../support/until.js'

const THRESHOLDS = { authFailuresPerHour: 10, encryptionErrorsPerHour: 5, connectionFailuresPerHour: 20 }
const PLANTED = 'planted-password-0123456789'
const REDACTOR = createRedactor([new Secret(PLANTED)])
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const TAMPERED: EventFields['decrypt.failure'] = { reason: 'tag', operation: 'get' }

describe('the alerts', () => {
  let time: ManualTime
  let events: SecurityEvents
  let seen: SecurityEvent[]
  let arrived: Alert[]
  let alerts: Alerts

  function open({
    claims = LOCAL_CLAIMS,
    channel,
  }: { claims?: AlertClaims; channel?: AlertChannel } = {}): void {
    const monitor = createSecurityMonitor({ events, now: time.now })
    const reader: AlertChannel = {
      name: 'log',
      target: 'the test',
      async send(alert) {
        arrived.push(alert)
      },
    }
    alerts = new Alerts({
      events,
      monitor,
      thresholds: THRESHOLDS,
      delivery: new AlertDelivery({ channels: [channel ?? reader], events, backoffMs: [1, 1] }),
      claims,
      keyPrefix: 'ai_cache:',
      cli: (person, command) => `\`redis-cli --user ${person} ${command}\``,
      hide: REDACTOR.hide,
      now: time.now,
      after: time.after,
    })
  }

  beforeEach(() => {
    time = new ManualTime()
    events = new SecurityEvents(time.now)
    seen = []
    events.onAny((event) => seen.push(event))
    arrived = []
  })

  afterEach(() => alerts.close())

  function happen<T extends EventType>(times: number, type: T, fields: EventFields[T]): void {
    for (let done = 0; done < times; done += 1) events.emit(type, fields)
  }

  /** Lets time pass, and what is told arrive. */
  async function pass(ms: number): Promise<void> {
    time.advance(ms)
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
  }

  const kinds = (): string[] => arrived.map(({ kind }) => kind)

  it('tell no secret, whatever an event brought along', async () => {
    open()
    events.emit('tls.failure', {
      errorCode: 'ERR_TLS_OTHER',
      message: `rediss://admin:${PLANTED}@redis:6379 with ${PLANTED} and whsec_${'a'.repeat(40)}`,
    })
    await pass(SECOND)
    expect(arrived.map(({ message }) => message)).to.deep.equal([
      'ERR_TLS_OTHER: rediss://[secret]@redis:6379 with [secret] and [secret]',
    ])
  })

  it('tell at once about what needs nobody to count, with what to do', async () => {
    open()
    events.emit('auth.brute_force', { source: 'own', failures: 5, window: 'last 10 logins' })
    happen(1, 'decrypt.failure', TAMPERED)
    events.emit('tls.expiring', { expiresAt: '2026-02-05T00:00:00Z', daysLeft: 4 })
    events.emit('config.insecure', { variable: 'REDIS_UNSAFE_NO_TLS', message: 'nothing is encrypted' })
    events.emit('server.plaintext_client', { count: 2, sourceIp: '10.0.0.9' })
    await pass(SECOND)
    expect(kinds()).to.have.members([
      'brute_force',
      'tampered_values',
      'certificate_expiry',
      'insecure_configuration',
      'plaintext_client',
    ])
    const [first] = arrived
    expect(first).to.deep.include({
      timestamp: '2026-01-31T12:00:31.000Z',
      kind: 'brute_force',
      severity: 'critical',
      title: 'Somebody may be guessing passwords',
      message: '5 failed of our own last 10 logins',
      count: 1,
      since: '2026-01-31T12:00:30.000Z',
      key_prefix: 'ai_cache:',
    })
    expect(first?.remedy).to.include('ACL LOG')
    expect(seen.filter(({ type }) => type === 'alert.sent')).to.have.length(5)
  })

  it('wait for each threshold to be reached, and not to be exceeded', async () => {
    open()
    const nearly = () => {
      happen(9, 'auth.failure', { errorCode: 'ERR_REDIS_WRONGPASS', source: 'own' })
      happen(4, 'decrypt.failure', { reason: 'expired', operation: 'get' })
      happen(4, 'decrypt.failure', { reason: 'unknown_key', operation: 'get' })
      happen(19, 'redis.unavailable', { errorCode: 'ERR_REDIS_RESET', message: 'cut' })
      events.emit('redis.recovered', { outageMs: 1 })
    }
    nearly()
    await pass(2 * SECOND)
    expect(kinds()).to.deep.equal(['brute_force'])
    events.emit('auth.failure', { errorCode: 'ERR_REDIS_WRONGPASS', source: 'own' })
    events.emit('encrypt.failure', { errorCode: 'ERR_CACHE_SEAL', operation: 'set' })
    events.emit('decrypt.failure', { reason: 'unknown_key', operation: 'get' })
    events.emit('redis.unavailable', { errorCode: 'ERR_REDIS_RESET', message: 'cut' })
    events.emit('redis.recovered', { outageMs: 1 })
    await pass(2 * SECOND)
    expect(kinds().slice(1)).to.have.members([
      'auth_failures',
      'encryption_errors',
      'unknown_keys',
      'connection_failures',
    ])
    expect(arrived.find(({ kind }) => kind === 'auth_failures')?.message).to.equal(
      '10 failed logins of our own within an hour (limit 10)',
    )
  })

  it('forget what is older than an hour before they compare it with a threshold', async () => {
    open()
    happen(4, 'decrypt.failure', { reason: 'format', operation: 'get' })
    await pass(HOUR + 2 * MINUTE)
    happen(4, 'decrypt.failure', { reason: 'format', operation: 'get' })
    await pass(2 * SECOND)
    expect(kinds()).to.deep.equal([])
  })

  it('never mistake failed logins of others for our own', async () => {
    open()
    events.emit('auth.failure', { errorCode: 'ERR_REDIS_WRONGPASS', source: 'server', count: 50 })
    await pass(2 * SECOND)
    expect(kinds()).to.deep.equal([])
  })

  it('make one message of a storm, and one more of what follows within the cooldown', async () => {
    open()
    happen(5000, 'decrypt.failure', TAMPERED)
    await pass(SECOND)
    expect(arrived.map(({ count }) => count)).to.deep.equal([5000])
    for (let minute = 0; minute < 14; minute += 1) {
      happen(100, 'decrypt.failure', { ...TAMPERED, count: 2 })
      await pass(MINUTE)
    }
    expect(arrived).to.have.length(1)
    await pass(2 * MINUTE)
    expect(arrived.map(({ count }) => count)).to.deep.equal([5000, 2800])
    await pass(HOUR)
    expect(arrived).to.have.length(2)
  })

  it('tell of an outage when it has lasted a minute, and not of a short one', async () => {
    open()
    events.emit('redis.unavailable', { errorCode: 'ERR_REDIS_REFUSED', message: 'gone' })
    await pass(50 * SECOND)
    events.emit('redis.recovered', { outageMs: 50_000 })
    await pass(5 * MINUTE)
    expect(kinds()).to.deep.equal([])
    events.emit('redis.unavailable', { errorCode: 'ERR_REDIS_REFUSED', message: 'gone' })
    await pass(MINUTE)
    expect(kinds()).to.deep.equal(['outage'])
  })

  it('drop what was held back and is no reason any more, and say so', async () => {
    open()
    happen(5, 'decrypt.failure', { reason: 'unknown_key', operation: 'get' })
    await pass(10 * MINUTE)
    happen(3, 'decrypt.failure', { reason: 'unknown_key', operation: 'get' })
    await pass(2 * HOUR)
    expect(kinds()).to.deep.equal(['unknown_keys'])
    expect(seen.filter(({ type }) => type === 'alert.suppressed')).to.deep.equal([
      {
        type: 'alert.suppressed',
        at: '2026-01-31T13:02:31.000Z',
        severity: 'info',
        kind: 'unknown_keys',
        count: 3,
      },
    ])
  })

  it('leave it to the instance that was first', async () => {
    open({ claims: { claim: () => Promise.resolve(false) } })
    happen(7, 'decrypt.failure', TAMPERED)
    await pass(SECOND)
    expect(arrived).to.deep.equal([])
    expect(seen.at(-1)).to.deep.include({ type: 'alert.suppressed', kind: 'tampered_values', count: 7 })
  })

  it('hear what happened while the cache was put together', async () => {
    const monitor = createSecurityMonitor({ events, now: time.now })
    events.emit('config.insecure', { variable: 'REDIS_UNSAFE_NO_TLS', message: 'nothing is encrypted' })
    events.emit('config.insecure', { variable: 'CACHE_UNSAFE_MEMORY', message: 'nothing is shared' })
    const channel: AlertChannel = {
      name: 'log',
      target: 'the test',
      async send(alert) {
        arrived.push(alert)
      },
    }
    alerts = new Alerts({
      events,
      monitor,
      thresholds: THRESHOLDS,
      delivery: new AlertDelivery({ channels: [channel], events }),
      claims: LOCAL_CLAIMS,
      keyPrefix: 'ai_cache:',
      cli: (person, command) => `\`redis-cli --user ${person} ${command}\``,
      hide: REDACTOR.hide,
      now: time.now,
      after: time.after,
    })
    await pass(SECOND)
    expect(arrived.map(({ message }) => message)).to.deep.equal([
      'REDIS_UNSAFE_NO_TLS: nothing is encrypted; CACHE_UNSAFE_MEMORY: nothing is shared',
    ])
  })

  it('say nothing that acts on a reader, whatever was typed at the server', async () => {
    open()
    const userName = `\u001b[2J</p><script>alert(1)</script>\r\nBcc: a@b.c\u0000${'x'.repeat(16_384)}`
    events.emit('acl.denied', { reason: 'key', userName, object: 'a\nb', source: 'server' })
    await pass(SECOND)
    const message = arrived[0]?.message ?? ''
    expect(message).to.include('\\u{1b}[2J').and.to.include('\\u{d}\\u{a}Bcc').and.to.include('\\u{0}')
    expect(message).to.not.match(/(?! )[\p{C}\p{Z}]/u)
    expect(message.length).to.be.below(800)
  })

  it('try a failing channel three times under one id, tell of it once, and disturb nobody', async () => {
    const ids: string[] = []
    open({
      channel: {
        name: 'webhook',
        target: 'nowhere',
        async send({ id }) {
          ids.push(id)
          throw new ChannelFailure('nobody is there')
        },
      },
    })
    happen(1, 'decrypt.failure', TAMPERED)
    await pass(SECOND)
    await until('it has failed', () => seen.some(({ type }) => type === 'alert.failed'))
    expect(ids).to.have.length(3)
    expect(new Set(ids).size).to.equal(1)
    expect(seen.at(-1)).to.deep.include({
      type: 'alert.failed',
      severity: 'warning',
      kind: 'tampered_values',
      channel: 'webhook',
      message: 'nobody is there',
    })
  })

  it('never raise an alert about alerts', () => {
    const types = ALERT_RULES.flatMap(({ on }) => on)
    expect(types.filter((type) => type.startsWith('alert.'))).to.deep.equal([])
  })

  it('tell what is gathered when the cache closes, and nothing afterwards', async () => {
    open()
    happen(3, 'decrypt.failure', TAMPERED)
    await alerts.close()
    expect(arrived.map(({ count }) => count)).to.deep.equal([3])
    happen(3, 'decrypt.failure', TAMPERED)
    await pass(HOUR)
    expect(arrived).to.have.length(1)
  })

  it('close within their bound although a channel hangs, and say what did not arrive', async () => {
    open({
      channel: {
        name: 'email',
        target: 'a hanging server',
        send: (_alert, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              reject(new ChannelFailure('no answer'))
            })
          }),
      },
    })
    happen(1, 'decrypt.failure', TAMPERED)
    const started = performance.now()
    await alerts.close({ timeoutMs: 100 })
    expect(performance.now() - started).to.be.within(90, 1000)
    await until('the loss is told', () => seen.some(({ type }) => type === 'alert.failed'))
    expect(seen.at(-1)).to.deep.include({ message: 'cut short by the shutdown (no answer)' })
  })

  it('cost little while a storm goes on', async () => {
    open()
    happen(1, 'decrypt.failure', TAMPERED)
    await pass(SECOND)
    const started = performance.now()
    happen(100_000, 'decrypt.failure', TAMPERED)
    expect(performance.now() - started).to.be.below(5000)
    await pass(15 * MINUTE)
    expect(arrived.map(({ count }) => count)).to.deep.equal([1, 100_000])
  })
})
