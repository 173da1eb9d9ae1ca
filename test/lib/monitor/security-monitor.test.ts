import { expect } from 'chai'
import { describe, it } from 'mocha'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { SecurityEvents } from '../../../lib/events.js'
import type { SecurityEvent } from '../../../lib/events.js'
import { createSecurityMonitor } from '../../../lib/monitor/security-monitor.js'
import type { SecurityMonitorOptions } from '../../../lib/monitor/security-monitor.js'

const HOUR = 60 * 60_000

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function setUp(options: Partial<SecurityMonitorOptions> = {}, record = true) {
  const clock = { now: Date.parse('2026-01-31T12:00:00Z') }
  const now = (): number => clock.now
  const events = new SecurityEvents(now)
  const monitor = createSecurityMonitor({ events, now, ...options })
  const seen: SecurityEvent[] = []
  if (record) events.onAny((event) => seen.push(event))
  return {
    clock,
    events,
    monitor,
    seen,
    succeed: () => {
      events.emit('auth.success', { userName: 'cache_service' })
    },
    fail: () => {
      events.emit('auth.failure', { errorCode: 'ERR_REDIS_WRONGPASS', source: 'own' })
    },
    times: (type: SecurityEvent['type']) => seen.filter((event) => event.type === type).length,
  }
}

describe('the security monitor', () => {
  it('keeps the newest events and forgets the oldest', () => {
    const { events, monitor } = setUp({ bufferSize: 3 })
    for (const seconds of [1, 2, 3, 4, 5]) events.emit('clock.skew', { seconds })
    const kept = monitor.recentEvents({ type: 'clock.skew' })
    expect(kept.map((event) => 'seconds' in event && event.seconds)).to.deep.equal([5, 4, 3])
  })

  it('filters recent events by type, severity, time and number', () => {
    const { clock, events, monitor, fail } = setUp()
    fail()
    clock.now += HOUR
    events.emit('acl.denied', { reason: 'command', source: 'own' })
    events.emit('redis.recovered', { outageMs: 5 })

    expect(monitor.recentEvents({ type: 'auth.failure' })).to.have.length(1)
    expect(monitor.recentEvents({ severity: 'critical' })).to.have.length(1)
    expect(monitor.recentEvents({ since: new Date(clock.now) })).to.have.length(2)
    expect(monitor.recentEvents({ since: '2026-01-31T12:30:00Z' })).to.have.length(2)
    expect(monitor.recentEvents({ limit: 1 }).map((event) => event.type)).to.deep.equal(['redis.recovered'])
    expect(monitor.recentEvents({ limit: 0 })).to.deep.equal([])
  })

  it('refuses a time that is none, and hours that it cannot answer for', () => {
    const { monitor } = setUp()
    expect(() => monitor.recentEvents({ since: 'yesterday' })).to.throw(/ISO 8601/)
    for (const hours of [0, -1, 25, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => monitor.failureCount(hours)).to.throw(/above 0 and at most 24/)
    }
  })

  it('counts failed logins of our own by hours, not those of others', () => {
    const { clock, events, monitor, fail } = setUp()
    fail()
    clock.now += 2 * HOUR
    fail()
    events.emit('auth.failure', { errorCode: 'ERR_REDIS_WRONGPASS', source: 'server', count: 40 })

    expect(monitor.failureCount(1)).to.equal(1)
    expect(monitor.failureCount(24)).to.equal(2)
    clock.now += 23 * HOUR
    expect(monitor.failureCount(24)).to.equal(1)
  })

  it('reports brute force when five of the last ten logins failed, once', () => {
    const { fail, succeed, times, monitor } = setUp()
    for (let login = 0; login < 4; login += 1) {
      fail()
      succeed()
    }
    expect(times('auth.brute_force')).to.equal(0)
    fail()
    expect(times('auth.brute_force')).to.equal(1)
    for (let login = 0; login < 20; login += 1) fail()
    expect(times('auth.brute_force')).to.equal(1)
    expect(monitor.recentEvents({ type: 'auth.brute_force' })[0]).to.include({
      severity: 'critical',
      source: 'own',
      failures: 5,
    })
  })

  it('does not take five failures among eleven logins for brute force', () => {
    const { fail, succeed, times } = setUp()
    fail()
    for (let login = 0; login < 6; login += 1) succeed()
    for (let login = 0; login < 4; login += 1) fail()
    expect(times('auth.brute_force')).to.equal(0)
  })

  it('reports brute force again after it was over', () => {
    const { fail, succeed, times } = setUp()
    for (let login = 0; login < 5; login += 1) fail()
    for (let login = 0; login < 10; login += 1) succeed()
    for (let login = 0; login < 5; login += 1) fail()
    expect(times('auth.brute_force')).to.equal(2)
  })

  it('forgets failed logins after a day, also when no login follows', () => {
    const { clock, fail, monitor } = setUp()
    for (let login = 0; login < 5; login += 1) fail()
    expect(monitor.recentLoginFailures()).to.equal(5)
    clock.now += 25 * HOUR
    expect(monitor.recentLoginFailures()).to.equal(0)
  })

  it('sums up logins, sealing and connections', () => {
    const { events, fail, succeed, monitor } = setUp({
      cryptoOperations: () => 12,
      activeConnections: () => 2,
    })
    expect(monitor.summary().authentication).to.deep.equal({
      total_attempts: 0,
      success_rate_percent: 100,
      recent_failures: 0,
    })
    fail()
    succeed()
    succeed()
    events.emit('decrypt.failure', { reason: 'tag', operation: 'get', count: 3 })
    events.emit('encrypt.failure', { errorCode: 'ERR_CACHE_SEAL', operation: 'set' })
    expect(monitor.summary()).to.deep.equal({
      authentication: { total_attempts: 3, success_rate_percent: 66.7, recent_failures: 1 },
      encryption: { total_operations: 12, error_count: 4 },
      connections: { active_count: 2 },
    })
  })

  it('keeps its totals under closed lists of labels, whatever a server may say', () => {
    const { events, monitor } = setUp()
    for (const reason of ['command', 'key', 'x'.repeat(5000), '__proto__', 'constructor']) {
      events.emit('acl.denied', { reason, source: 'server' })
    }
    expect(monitor.totals.denials).to.deep.equal({ auth: 0, command: 1, key: 1, channel: 0, other: 3 })
    expect(monitor.totals.bySeverity.critical).to.equal(5)
  })

  it('stops listening when it is closed', () => {
    const { fail, monitor } = setUp()
    fail()
    monitor.close()
    fail()
    expect(monitor.failureCount(24)).to.equal(1)
  })

  it('holds no more after 200 000 events than after 2000', () => {
    const { clock, events, monitor } = setUp({}, false)
    const heapAfter = (count: number): number => {
      for (let sent = 0; sent < count; sent += 1) {
        // 10 000 events a second, so that the windows move as well.
        clock.now += 0.1
        events.emit('decrypt.failure', { reason: 'format', operation: 'get' })
      }
      collectGarbage()
      return process.memoryUsage().heapUsed
    }
    const few = heapAfter(2_000)
    const many = heapAfter(200_000)
    expect(monitor.count('decrypt_failures', 1)).to.equal(202_000)
    expect(monitor.recentEvents()).to.have.length(1000)
    expect(many - few).to.be.below(1024 * 1024)
  })
})
