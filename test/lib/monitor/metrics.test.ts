import { expect } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { Counter, Registry } from 'prom-client'

import { inspectCache } from '../../../lib/create.js'
import { joinRegistry, ownRegistry } from '../../../lib/monitor/metrics-registry.js'
import { METRICS } from '../../../lib/monitor/metrics.js'
import { startRedis } from '../../support/redis-server.js'
import { testCache } from '../../support/test-cache.js'
import type { TestCache } from '../../support/test-cache.js'
import { until } from '../../support/until.js'

/** The names that dashboards and alerts rely on (docs/monitoring.md). */
const NAMES = [
  'secure_cache_operations_total',
  'secure_cache_operation_duration_seconds',
  'secure_cache_crypto_duration_seconds',
  'secure_cache_decrypt_failures_total',
  'secure_cache_legacy_reads_total',
  'secure_cache_auth_attempts_total',
  'secure_cache_acl_denied_total',
  'secure_cache_events_total',
  'secure_cache_alerts_total',
  'secure_cache_up',
  'secure_cache_connections',
  'secure_cache_tls_certificate_expiry_timestamp_seconds',
  'secure_cache_server_auth_failures_24h',
]

describe('the metrics', () => {
  const ending: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const end of ending.splice(0).toReversed()) await end()
  })

  function onMemory(): TestCache {
    const made = testCache({
      backend: 'memory',
      env: { CACHE_UNSAFE_MEMORY: 'true', REDIS_DEV_MODE: 'true' },
    })
    ending.push(() => made.cache.close())
    return made
  }

  async function text(...caches: TestCache[]): Promise<string> {
    const registry = await ownRegistry(() => caches.map(({ cache }) => inspectCache(cache)))
    return registry === undefined ? '' : registry.metrics()
  }

  it('have the names that dashboards rely on, and no other', () => {
    expect(METRICS.map(({ name }) => name)).to.deep.equal(NAMES)
  })

  it('count operations and time them, under no key', async () => {
    const made = onMemory()
    await made.cache.set('very-secret-name', 'very-secret-value')
    await made.cache.get('very-secret-name')
    await made.cache.get('absent-secret-name')
    const found = await text(made)
    expect(found).to.include('secure_cache_operations_total{op="get",result="hit"} 1\n')
    expect(found).to.include('secure_cache_operations_total{op="get",result="miss"} 1\n')
    expect(found).to.include('secure_cache_operations_total{op="set",result="ok"} 1\n')
    expect(found).to.include('# TYPE secure_cache_operation_duration_seconds histogram')
    expect(found).to.include('secure_cache_operation_duration_seconds_count{op="get"} 2\n')
    expect(found).to.include('secure_cache_operation_duration_seconds_bucket{op="get",le="+Inf"} 2\n')
    expect(found).to.match(/secure_cache_crypto_duration_seconds_count\{op="seal"\} 1\n/)
    expect(found).to.include('secure_cache_up 1\n')
    expect(found).to.not.include('secret')
  })

  it('count what the events tell, with series that are there before anything happens', async () => {
    const made = onMemory()
    expect(await text(made)).to.include('secure_cache_decrypt_failures_total{reason="tag"} 0\n')
    const { events } = made.internals
    events.emit('auth.failure', { errorCode: 'ERR_REDIS_WRONGPASS', source: 'own' })
    events.emit('auth.failure', { errorCode: 'ERR_REDIS_WRONGPASS', source: 'server', count: 7 })
    events.emit('acl.denied', { reason: 'key', source: 'own' })
    events.emit('acl.denied', { reason: 'x"\n{', source: 'server', count: 2 })
    events.emit('alert.sent', { kind: 'brute_force', channel: 'log' })
    events.emit('alert.suppressed', { kind: 'brute_force', count: 4 })
    const found = await text(made)
    expect(found).to.include('secure_cache_auth_attempts_total{outcome="failure"} 1\n')
    expect(found).to.include('secure_cache_acl_denied_total{reason="key"} 1\n')
    expect(found).to.include('secure_cache_acl_denied_total{reason="other"} 2\n')
    expect(found).to.include('secure_cache_events_total{severity="critical"} 2\n')
    expect(found).to.include('secure_cache_alerts_total{type="brute_force",channel="log",outcome="sent"} 1\n')
    expect(found).to.include(
      'secure_cache_alerts_total{type="brute_force",channel="none",outcome="suppressed"} 4\n',
    )
  })

  it('add up what several caches count, and show the worse of their states', async () => {
    const [one, two] = [onMemory(), onMemory()]
    await one.cache.get('a')
    await two.cache.get('b')
    const found = await text(one, two)
    expect(found).to.include('secure_cache_operations_total{op="get",result="miss"} 2\n')
    expect(found.match(/^secure_cache_up /gm)).to.have.length(1)
  })

  it('join the registry of an application, once, and live through its reset', async () => {
    const made = onMemory()
    const registry = new Registry()
    const own = new Counter({ name: 'app_requests_total', help: 'x', registers: [registry] })
    own.inc()
    joinRegistry(registry, () => [made.internals])
    await made.cache.get('a')
    registry.resetMetrics()
    const found = await registry.metrics()
    expect(found).to.include('app_requests_total 0')
    expect(found).to.include('secure_cache_operations_total{op="get",result="miss"} 1\n')
    expect((await registry.getMetricsAsJSON()).map(({ name }) => name)).to.include.members(NAMES)
    expect(() => {
      joinRegistry(registry, () => [made.internals])
    }).to.throw(/already/)
  })

  it('show the state of a real server, and its loss', async () => {
    const redis = await startRedis()
    ending.push(() => redis.stop())
    const made = testCache({ env: redis.env })
    ending.push(() => made.cache.close())
    await made.cache.ready()
    await made.internals.watch.look()
    const found = await text(made)
    expect(found).to.include('secure_cache_up 1\n')
    expect(found).to.include('secure_cache_connections 1\n')
    expect(found).to.include('secure_cache_server_auth_failures_24h 0\n')
    const expiry = /secure_cache_tls_certificate_expiry_timestamp_seconds (\d+)/.exec(found)?.[1]
    expect(Number(expiry) * 1000).to.be.above(Date.now())

    await redis.kill()
    await until('the loss is noticed', () => made.internals.connection?.status === 'down')
    const after = await text(made)
    expect(after).to.include('secure_cache_up 0\n')
    expect(after).to.include('secure_cache_connections 0\n')
    expect(after).to.not.match(/^secure_cache_tls_certificate_expiry_timestamp_seconds \d/m)
  })
})
