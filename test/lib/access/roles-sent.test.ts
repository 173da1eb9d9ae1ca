import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { healthCheck } from '../../../generators/health-check.js'
import { commandsOf, roleOf } from '../../../lib/access/roles.js'
import { createSecureCache, inspectCache } from '../../../lib/create.js'
import { KeyRing } from '../../../lib/crypto/key-ring.js'
import type { SecureCache } from '../../../lib/interface.js'
import { sweep } from '../../../lib/keys/sweep.js'
import { CompareAndSet } from '../../../lib/redis/compare-and-set.js'
import { createRedisClient } from '../../../lib/redis/create-client.js'
import { oneServer } from '../../../lib/redis/key-servers.js'
import { Secret } from '../../../lib/settings/secret.js'
import type { UserRole } from '../../../lib/settings/settings.js'
import { ADMIN, connectWith } from '../../support/generated-client.js'
import { FaultProxy } from '../../support/fault-proxy.js'
import { bootGenerated } from '../../support/generated-folder.js'
import type { RunningRedis } from '../../support/redis-server.js'
import { startRedis } from '../../support/redis-server.js'
import { SentCommands } from '../../support/sent-commands.js'
import { until } from '../../support/until.js'

const VERSION = { product: 'redis', major: 7, minor: 0 } as const
/** Served before any login: no ACL names them. */
const LOGIN = new Set(['auth', 'hello', 'quit'])
/** Replies that take longer than a tick of the deadline: the connection is then asked whether it is in step. */
const DELAY_MS = 40

function lineOf(role: UserRole): readonly string[] {
  const commands = commandsOf(role, { version: VERSION })
  return commands === 'all' ? ['all'] : commands.toSorted()
}

describe('what is sent under the name of each role @once', () => {
  const sent = new SentCommands()
  let redis: RunningRedis
  let proxy: FaultProxy
  let cache: SecureCache

  before(async () => {
    redis = await startRedis()
    const { certificates } = redis
    proxy = await new FaultProxy({ port: redis.port, certificates, heard: sent.heard }).start()
    cache = createSecureCache({ env: settingsBehindProxy(), logger: false })
    await cache.ready()
    proxy.delay(DELAY_MS)
  })
  after(async () => {
    await cache.close()
    await proxy.stop()
    await redis.stop()
  })

  const settingsBehindProxy = () => ({
    ...redis.env,
    REDIS_PORT: String(proxy.port),
    CACHE_TIMEOUT_MS: '2000',
  })
  const sentAs = (role: UserRole): readonly string[] =>
    sent.by(roleOf(role).username).filter((command) => !LOGIN.has(command))

  it('is the line of role cache, over every operation of the cache', async () => {
    await cache.set('a', 1, { ttl: 60, lifetime: 3600 })
    await cache.setMany([
      ['b', 2],
      ['c', Buffer.from('3')],
    ])
    expect(await cache.get('a')).to.equal(1)
    expect((await cache.getMany(['a', 'b', 'c'])).size).to.equal(3)
    expect(await cache.getOrSet('d', () => 4)).to.equal(4)
    expect(await cache.has('a')).to.equal(true)
    expect(await cache.touch('a', 120)).to.equal(true)
    expect(await cache.ttl('a')).to.be.within(60, 120)
    expect(await cache.delete('a')).to.equal(true)
    expect(await cache.deleteMany(['b', 'c'])).to.equal(2)
    expect(sentAs('cache')).to.deep.equal(lineOf('cache'))
  })

  it('is the line of role maintenance, over clear() and sealing anew', async () => {
    await cache.set('e', 5)
    await cache.set('long', Buffer.alloc(100_000))
    const { settings, keyRing: present } = inspectCache(cache)
    const { key } = settings.encryption
    if (present === undefined || key === undefined) throw new Error('expected an encrypted cache')
    const next = new Secret(randomBytes(32).toString('hex'))
    const keyRing = KeyRing.create({ enabled: true, key: next, acceptedKeys: [key] })
    const client = createRedisClient({ user: 'maintenance', env: settingsBehindProxy(), logger: false })
    const keyPrefix = settings.redis.keyPrefix
    expect(
      (await sweep({ find: oneServer(client), keyPrefix, keyRing, now: Date.now })).resealed,
    ).to.be.at.least(3)
    // A value that is left as it is.
    const exchanges = new CompareAndSet(client)
    await exchanges.exchange([Buffer.from(`${keyPrefix}:e`)], () => undefined)
    client.disconnect()
    expect(await cache.clear()).to.equal(true)
    expect(sentAs('maintenance')).to.deep.equal(lineOf('maintenance'))
  })

  it('is the line of role monitor, over a round of looks', async () => {
    const { watch } = inspectCache(cache)
    await watch.look()
    await until('the monitor asks what it may ask', () => sentAs('monitor').includes('client|list'))
    expect(sentAs('monitor')).to.deep.equal(lineOf('monitor'))
  })

  it('is nothing else under any of these names, nor under that of the admin', () => {
    expect(sentAs('cache')).to.deep.equal(lineOf('cache'))
    expect(sentAs('admin')).to.deep.equal([])
  })

  it('is the line of role health, over the check of the container', async () => {
    const booted = await bootGenerated()
    const admin = await connectWith(booted, ADMIN)
    try {
      const command = healthCheck({ settings: booted.settings, target: 'local', out: booted.out })
      await admin.call('CONFIG', 'RESETSTAT')
      expect(spawnSync('/bin/sh', ['-c', command], { timeout: 10_000 }).status).to.equal(0)
      const stats = String(await admin.call('INFO', 'commandstats'))
      const seen = [...stats.matchAll(/^cmdstat_([^:]+):/gm)].map((match) => match[1] ?? '')
      const ours = seen.filter((name) => !LOGIN.has(name) && name !== 'config|resetstat')
      expect(ours.toSorted()).to.deep.equal(lineOf('health'))
    } finally {
      admin.disconnect()
      await booted.stop()
    }
  })
})
