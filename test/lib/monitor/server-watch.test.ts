import { expect } from 'chai'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, it } from 'mocha'

import { inspectCache } from '../../../lib/create.js'
import { createSecureCache } from '../../../lib/index.js'
import { MonitorSession } from '../../../lib/monitor/monitor-session.js'
import { ServerWatch } from '../../../lib/monitor/server-watch.js'
import { freePort } from '../../support/redis-process.js'
import { startRedis } from '../../support/redis-server.js'
import type { RedisServerOptions, RunningRedis } from '../../support/redis-server.js'
import { until } from '../../support/until.js'
import { watchedCache } from '../../support/watched-cache.js'
import type { WatchedCache } from '../../support/watched-cache.js'

const HOUR = 60 * 60_000

interface Watcher {
  readonly cache: WatchedCache
  readonly watch: ServerWatch
  close(): Promise<void>
}

describe('the watch over a server', () => {
  let redis: RunningRedis
  const watchers: Watcher[] = []

  async function boot(options: RedisServerOptions = {}): Promise<void> {
    redis = await startRedis(options)
  }

  async function watcher(): Promise<Watcher> {
    const cache = await watchedCache(redis.env)
    const session = new MonitorSession(cache.parts)
    const watch = new ServerWatch({
      session,
      events: cache.parts.events,
      monitor: cache.parts.monitor,
      place: cache.parts.place('@watch'),
      users: [{ role: 'cache', username: 'cache_service' }],
      keyPrefix: cache.parts.settings.redis.keyPrefix,
      authFailuresPerHour: 10,
      now: cache.parts.now ?? Date.now,
    })
    const close = async (): Promise<void> => {
      await session.close()
      await cache.close()
    }
    const made = { cache, watch, close }
    watchers.push(made)
    return made
  }

  /** Somebody with a certificate and without a password, once for each name. */
  async function attack(names: readonly string[], port = redis.port): Promise<void> {
    const tls = port === redis.port ? { tls: tlsOf(redis) } : {}
    const attacker = new Redis({
      host: redis.host,
      port,
      ...tls,
      lazyConnect: true,
      retryStrategy: () => null,
      enableReadyCheck: false,
      disableClientInfo: true,
      // Without HELLO, which would need the login that is refused.
      protocol: 2,
      replyMapping: 'legacy',
    })
    attacker.on('error', () => undefined)
    await attacker.connect().catch(() => undefined)
    for (const name of names) await attacker.call('AUTH', name, 'wrong').catch(() => undefined)
    attacker.disconnect()
  }

  const wrongLogins = (count: number): Promise<void> =>
    attack(Array.from({ length: count }, (_, index) => `guess-${String(index)}`))

  beforeEach(() => boot())
  afterEach(async () => {
    await Promise.all(watchers.splice(0).map((one) => one.close()))
    await redis.stop()
  })

  it('begins to count with the first look', async () => {
    await wrongLogins(3)
    const { watch } = await watcher()
    const before = Date.now()
    const seen = await watch.failures()
    expect(seen).to.deep.include({ lastDay: 0, lastHour: 0, lost: [] })
    expect(seen.since).to.be.within(before, Date.now())
  })

  it('counts every failed login by anyone, with who and from where, and tells of it once', async () => {
    const { watch, cache } = await watcher()
    await watch.failures()
    await wrongLogins(7)
    expect(await watch.failures()).to.include({
      lastDay: 7,
      lastHour: 7,
      latest: 'as "guess-6" from 127.0.0.1',
    })
    expect(await watch.failures()).to.include({ lastDay: 7 })

    const told = cache.seen.filter((event) => event.type === 'auth.failure')
    expect(told).to.have.length(1)
    expect(told[0]).to.include({ source: 'server', count: 7, userName: 'guess-6' })
  })

  it('forgets them after a day', async () => {
    const { watch, cache } = await watcher()
    await watch.failures()
    await wrongLogins(2)
    await watch.failures()
    cache.clock.offsetMs = 2 * HOUR
    expect(await watch.failures()).to.include({ lastDay: 2, lastHour: 0 })
    cache.clock.offsetMs = 25 * HOUR
    expect(await watch.failures()).to.include({ lastDay: 0, lastHour: 0 })
  })

  it('stays exact when ACL LOG overflows and is reset', async () => {
    const { watch } = await watcher()
    await watch.failures()
    await redis.admin().call('CONFIG', 'SET', 'acllog-max-len', '3')
    await wrongLogins(20)
    await redis.admin().call('ACL', 'LOG', 'RESET')
    await wrongLogins(1)
    expect(await watch.failures()).to.include({ lastDay: 21 })
  })

  it('goes on counting over a reset of the counter, and says what was lost', async () => {
    const { watch } = await watcher()
    await watch.failures()
    await wrongLogins(4)
    expect(await watch.failures()).to.deep.include({ lastDay: 4, lost: [] })
    await redis.admin().call('CONFIG', 'RESETSTAT')
    // More than before: the counter alone would look as if it had gone on.
    await wrongLogins(6)
    const seen = await watch.failures()
    expect(seen).to.include({ lastDay: 10 })
    expect(seen.lost).to.have.length(1)
  })

  it('goes on counting over a restart of the server, and says what was lost', async () => {
    const { watch, cache } = await watcher()
    await watch.failures()
    await wrongLogins(4)
    await watch.failures()
    await redis.restart()
    await wrongLogins(5)
    await cache.parts.store.ready()
    const seen = await watch.failures()
    expect(seen).to.include({ lastDay: 9 })
    expect(seen.lost).to.have.length(1)
  })

  it('goes on where the process before it stopped', async () => {
    const first = await watcher()
    await first.watch.failures()
    await wrongLogins(3)
    const { since } = await first.watch.failures()
    await first.close()

    await wrongLogins(2)
    const second = await watcher()
    expect(await second.watch.failures()).to.include({ lastDay: 5, since })
  })

  it('keeps its count sealed', async () => {
    const { watch } = await watcher()
    await watch.failures()
    const stored = await redis.admin().getBuffer('ai_cache:@watch:failed-logins')
    expect(stored?.[0]).to.equal(0xc1)
    expect(stored?.includes('runId')).to.equal(false)
  })

  it('begins anew when what was kept does not open', async () => {
    const first = await watcher()
    await first.watch.failures()
    await wrongLogins(3)
    await first.watch.failures()
    await redis.admin().set('ai_cache:@watch:failed-logins', 'planted')
    const second = await watcher()
    expect(await second.watch.failures()).to.include({ lastDay: 0 })
    expect(await first.watch.failures()).to.include({ lastDay: 3 })
  })

  it('counts the same with two instances, never twice', async () => {
    const [one, two] = [await watcher(), await watcher()]
    await one.watch.failures()
    await two.watch.failures()
    for (const watch of [one.watch, two.watch, one.watch, one.watch, two.watch]) {
      await wrongLogins(2)
      await watch.failures()
    }
    expect(await one.watch.failures()).to.include({ lastDay: 10 })
    expect(await two.watch.failures()).to.include({ lastDay: 10 })
  })

  it('does not take our own failed logins for an attack', async () => {
    const { watch, cache } = await watcher()
    await watch.failures()
    for (let login = 0; login < 12; login += 1) {
      cache.parts.events.emit('auth.failure', { errorCode: 'ERR_REDIS_WRONGPASS', source: 'own' })
    }
    await wrongLogins(12)
    expect(await watch.failures()).to.include({ lastDay: 12 })
    const told = cache.seen.filter((event) => 'source' in event && event.source === 'server')
    expect(told).to.deep.equal([])
  })

  it('takes out failed logins of its own that the server really counted', async () => {
    const cache = createSecureCache({
      env: { ...redis.env, REDIS_CACHE_PASSWORD: 'another-password-0123456789' },
      logger: false,
    })
    try {
      const { monitor, watch } = inspectCache(cache)
      await until('a failed login', () => monitor.failureCount(1) > 0)
      await watch.look()
      const before = monitor.failureCount(1)
      await until('more of them', () => monitor.failureCount(1) > before)
      await watch.look()
      expect(watch.serverFailures()?.lastDay).to.be.at.least(1)
      expect(
        monitor.recentEvents().filter((event) => 'source' in event && event.source === 'server'),
      ).to.deep.equal([])
    } finally {
      await cache.close()
    }
  })

  it('reports brute force when the threshold is reached, once', async () => {
    const { watch, cache } = await watcher()
    const alarms = () => cache.seen.filter((event) => event.type === 'auth.brute_force')
    await watch.failures()
    await wrongLogins(9)
    await watch.failures()
    expect(alarms()).to.deep.equal([])
    await wrongLogins(1)
    await watch.failures()
    await wrongLogins(5)
    await watch.failures()
    expect(alarms()).to.have.length(1)
    expect(alarms()[0]).to.include({
      source: 'server',
      failures: 10,
      window: 'last hour',
      severity: 'critical',
    })
  })

  it('repeats nothing that an attacker wrote without making it harmless', async () => {
    const { watch, cache } = await watcher()
    await watch.failures()
    const hostile = `<script>alert(1)</script>\r\n\u001B[2J\0${'x'.repeat(16_000)}`
    await attack([hostile])
    const { latest } = await watch.failures()
    const written = JSON.stringify([latest, cache.seen])
    expect(written).to.include('<script>alert(1)</script>\\\\u{d}\\\\u{a}')
    expect(written).to.not.match(/[\p{Cc}]|\\r|\\n|\\u001b|\\u0000/u)
    expect(latest?.length).to.be.below(200)
  })

  it('tells what others were denied', async () => {
    const { watch, cache } = await watcher()
    await watch.failures()
    const other = redis.admin().duplicate({
      username: 'health_service',
      password: redis.passwords.health,
      // INFO would be one more denial.
      enableReadyCheck: false,
    })
    other.on('error', () => undefined)
    await other.call('FLUSHALL').catch(() => undefined)
    await other.call('FLUSHALL').catch(() => undefined)
    other.disconnect()
    await watch.failures()
    await watch.failures()
    const denied = cache.seen.filter((event) => event.type === 'acl.denied')
    expect(denied).to.have.length(1)
    expect(denied[0]).to.include({
      source: 'server',
      reason: 'command',
      object: 'flushall',
      userName: 'health_service',
      sourceIp: '127.0.0.1',
      count: 2,
    })
  })

  it('counts values that Redis dropped to make room', async () => {
    const { watch } = await watcher()
    expect(await watch.failures()).to.include({ evictedLastDay: 0, rejectedLastDay: 0 })
    const admin = redis.admin()
    await admin.config('SET', 'maxmemory', '4mb')
    for (let key = 0; key < 40; key += 1) await admin.set(`ai_cache:${String(key)}`, 'x'.repeat(200_000))
    const evicted = Number(/evicted_keys:(\d+)/.exec(await admin.info('stats'))?.[1])
    expect(evicted).to.be.above(0)
    expect(await watch.failures()).to.include({ evictedLastDay: evicted })
    await admin.config('SET', 'maxmemory', '256mb')
  })

  it('sees where clients come from, and that all of them use TLS', async () => {
    const { watch } = await watcher()
    expect(await watch.clients())
      .to.include({ plaintext: 0 })
      .and.deep.include({ remote: ['127.0.0.1'] })
  })

  it('tells of clients on a plaintext port, once', async () => {
    await redis.stop()
    const port = await freePort()
    await boot({ config: { port: String(port) } })
    const { watch, cache } = await watcher()
    const plain = new Redis({
      host: redis.host,
      port,
      enableReadyCheck: false,
      disableClientInfo: true,
      protocol: 2,
      replyMapping: 'legacy',
    })
    plain.on('error', () => undefined)
    await new Promise((resolve) => plain.once('connect', resolve))

    expect(await watch.clients()).to.include({ plaintext: 1, plaintextFrom: '127.0.0.1' })
    await watch.clients()
    plain.disconnect()
    const told = cache.seen.filter((event) => event.type === 'server.plaintext_client')
    expect(told).to.have.length(1)
    expect(told[0]).to.include({ count: 1, sourceIp: '127.0.0.1' })
  })

  it('finds the rights of our users as the roles say', async () => {
    const { watch, cache } = await watcher()
    const seen = await watch.access(SEVEN)
    expect(seen).to.deep.include({ missing: [], excessive: [] })
    expect(seen.tried).to.be.above(30)
    expect(cache.seen.filter((event) => event.type === 'acl.changed')).to.deep.equal([])
    const log = await redis.admin().call('ACL', 'LOG')
    expect(log).to.deep.equal([])
  })

  it('tells when rights drift from the role, once, and when they are right again', async () => {
    const { watch, cache } = await watcher()
    await redis.admin().call('ACL', 'SETUSER', 'cache_service', '+flushall', '+@read', '~*', '-pttl')
    const seen = await watch.access(SEVEN)
    await watch.access(SEVEN)
    expect(seen.missing).to.deep.equal(['cache_service: pttl'])
    expect(seen.excessive).to.include.members(['cache_service: flushall', 'cache_service: get'])
    expect(cache.seen.filter((event) => event.type === 'acl.changed')).to.have.length(1)
    await redis.admin().call('ACL', 'LOAD')
    // Redis 7.0 closes every connection on ACL LOAD.
    await until('rights as the role says', async () => {
      const again = await watch.access(SEVEN).catch(() => undefined)
      return again?.missing.length === 0 && again.excessive.length === 0
    })
  })

  it('asks no more for a while for what it has no right to', async () => {
    const { watch, cache } = await watcher()
    await redis.admin().call('ACL', 'SETUSER', 'monitor', '-client|list')
    for (let again = 0; again < 5; again += 1) {
      const error: unknown = await watch.clients().catch((caught: unknown) => caught)
      expect(error).to.be.an('error').with.property('code', 'ERR_REDIS_NOPERM')
    }
    expect(await redis.admin().call('INFO', 'errorstats')).to.include('errorstat_NOPERM:count=1')
    expect(cache.seen.filter((event) => event.type === 'acl.denied')).to.have.length(1)
    await redis.admin().call('ACL', 'SETUSER', 'monitor', '+client|list')
    cache.clock.offsetMs = 11 * 60_000
    expect(await watch.clients()).to.include({ plaintext: 0 })
  })

  it('fails in time when the server hangs, and works again when it goes on', async () => {
    const { watch } = await watcher()
    await watch.failures()
    await redis.pause()
    const started = Date.now()
    const error: unknown = await watch.clients().catch((caught: unknown) => caught)
    expect(error).to.be.an('error').with.property('code').that.matches(/^ERR_/)
    expect(Date.now() - started).to.be.below(5000)
    await redis.resume()
    await until('clients are seen again', () =>
      watch.clients().then(
        (clients) => clients.plaintext === 0,
        () => false,
      ),
    )
  })
})

const SEVEN = { product: 'redis', major: 7, minor: 0 } as const

function tlsOf({ certificates }: RunningRedis) {
  return {
    ca: certificates.authority.certPem,
    cert: certificates.client.certPem,
    key: certificates.client.keyPem,
  }
}
