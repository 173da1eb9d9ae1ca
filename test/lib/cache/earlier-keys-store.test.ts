import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { after, afterEach, before, describe, it } from 'mocha'
import type { Store } from '../../../lib/store.js'
import { GuardedStore, type Guard } from '../../support/guarded-store.js'
import { startRedis, type RunningRedis } from '../../support/redis-server.js'
import { testCache, type TestCache } from '../../support/test-cache.js'
import { until } from '../../support/until.js'

const DAY_MS = 86_400_000
const PREFIXES = 'ai_cache:,enc:'
const MARKER = 'ai_cache:@legacy:'

function settings(): Record<string, string> {
  return {
    REDIS_ENCRYPTION_KEY: randomBytes(32).toString('hex'),
    CACHE_READ_MODE: 'plaintext',
    CACHE_READ_MODE_UNTIL: new Date(Date.now() + 2 * DAY_MS).toISOString().slice(0, 10),
    CACHE_LEGACY_PREFIXES: PREFIXES,
  }
}

describe('keys of an earlier application', () => {
  let made: TestCache
  let store: Store

  function open(env: Readonly<Record<string, string>> = {}, guard?: Guard): void {
    const wrap = guard && ((inner: Store) => new GuardedStore(inner, guard))
    made = testCache({ backend: 'memory', env: { ...settings(), ...env }, wrap })
    store = made.internals.store
  }
  const plantText = (name: string, text: string, ttlMs: number | null = null): Promise<void> =>
    store.set(name, Buffer.from(text), ttlMs)
  const plant = (name: string, value: unknown, ttlMs?: number): Promise<void> =>
    plantText(name, JSON.stringify(value), ttlMs)
  const isThere = async (name: string): Promise<boolean> => (await store.get(name)) !== undefined
  const failures = (): readonly string[] =>
    made.events.flatMap((event) => (event.type === 'decrypt.failure' ? [event.reason] : []))

  afterEach(() => made.cache.close())

  it('are read by every reading operation, and counted', async () => {
    open()
    const { cache } = made
    await plant('ai_cache:a', { from: 'a' }, 60_000)
    await plant('enc:b', ['b'])
    expect(await cache.ttl('a')).to.be.within(59, 60)
    expect(await cache.ttl('b')).to.equal(null)
    expect(await cache.get('a')).to.deep.equal({ from: 'a' })
    expect(await cache.has('b')).to.equal(true)
    await plant('enc:c', 'c'.length)
    await plant('enc:d', 4)
    expect([...(await cache.getMany(['c', 'x', 'd']))]).to.deep.equal([
      ['c', 1],
      ['d', 4],
    ])
    await plant('ai_cache:e:f', 5)
    expect(await cache.getOrSet('e:f', () => 6)).to.equal(5)
    expect(await cache.ttl('x')).to.equal(undefined)
    expect(made.internals.measurements.snapshot().legacyReads.plaintext).to.equal(5)
    expect(failures()).to.deep.equal([])
  })

  it('move, when they are read, to their own names, sealed and with their time to live; what was read stays', async () => {
    open()
    await plant('enc:a', { n: 1 }, 60_000)
    expect(await made.cache.get('a')).to.deep.equal({ n: 1 })
    await until('it has moved', () => isThere('ai_cache::a'))
    expect((await store.get('ai_cache::a'))?.[0]).to.equal(0xc1)
    expect(await store.ttl('ai_cache::a')).to.be.within(50_000, 60_000)
    expect(await isThere('enc:a')).to.equal(true)
    await plant('enc:a', { n: 2 })
    expect(await made.cache.get('a'), 'the one under its own name wins').to.deep.equal({ n: 1 })
  })

  it('are those alone that are not sealed: others belong to a namespace of this cache', async () => {
    open()
    const { cache } = made
    await cache.namespace('user').set('1', 'sealed')
    expect(await cache.get('user:1')).to.equal(undefined)
    expect(await cache.has('user:1')).to.equal(false)
    expect(await cache.ttl('user:1')).to.equal(undefined)
    expect(await cache.touch('user:1', 60)).to.equal(false)
    expect(await cache.delete('user:1')).to.equal(false)
    await cache.set('user:1', 'root')
    expect(await isThere(`${MARKER}user:1`)).to.equal(false)
    expect(await cache.namespace('user').get('1')).to.equal('sealed')
    expect(failures()).to.deep.equal([])
  })

  it('are over once they are deleted, and were there when they were', async () => {
    open()
    const { cache } = made
    await plant('enc:a', 1)
    await plant('enc:b', 2)
    await plant('ai_cache:b', 3)
    await cache.set('c', 4)
    expect(await cache.delete('a')).to.equal(true)
    expect(await cache.delete('a')).to.equal(false)
    expect(await cache.deleteMany(['a', 'b', 'c', 'd'])).to.equal(2)
    expect((await cache.getMany(['a', 'b', 'c', 'd'])).size).to.equal(0)
    expect(await cache.has('a')).to.equal(false)
    expect(await cache.ttl('a')).to.equal(undefined)
    expect(await cache.touch('a', 60)).to.equal(false)
    expect(await cache.getOrSet('a', () => 'loaded')).to.equal('loaded')
    expect(await isThere('enc:a'), 'what the earlier application wrote is not removed').to.equal(true)
  })

  it('do not come back when what was written after them ends', async () => {
    open()
    const { cache, advance } = made
    for (const name of ['set', 'many', 'loaded', 'touched', 'moved']) await plant(`enc:${name}`, 'old')
    await cache.set('set', 'new', { ttl: 10 })
    await cache.setMany([['many', 'new']], { ttl: 10 })
    await cache.delete('loaded')
    await cache.getOrSet('loaded', () => 'new', { ttl: 10 })
    expect(await cache.touch('touched', 10)).to.equal(true)
    await cache.get('moved')
    await until('it has moved', () => isThere('ai_cache::moved'))
    expect(await cache.touch('moved', 10)).to.equal(true)
    const keys = ['set', 'many', 'loaded', 'touched', 'moved']
    expect((await cache.getMany(keys)).size).to.equal(5)
    advance(11_000)
    expect((await cache.getMany(keys)).size).to.equal(0)
  })

  it('are slid under their own name, sealed for no longer than that', async () => {
    open()
    await plant('enc:a', 'old', 60_000)
    expect(await made.cache.touch('a', 600)).to.equal(true)
    expect(await store.ttl('ai_cache::a')).to.be.within(590_000, 600_000)
    expect(await store.ttl('enc:a')).to.be.within(50_000, 60_000)
    expect(await made.cache.get('a')).to.equal('old')
  })

  it('are hidden for as long as they live', async () => {
    open()
    await plant('enc:timed', 1, 60_000)
    await plant('enc:untimed', 1)
    await made.cache.deleteMany(['timed', 'untimed'])
    expect(await store.ttl(`${MARKER}timed`)).to.be.within(60_000, 66_000)
    // Beyond the end of reading, which may be moved once more.
    expect(await store.ttl(`${MARKER}untimed`)).to.be.within(180 * DAY_MS, 183 * DAY_MS)
    await plant('enc:timed', 2, 3_600_000)
    await made.cache.set('timed', 3, { ttl: 1 })
    expect(await store.ttl(`${MARKER}timed`), 'written anew by the earlier application').to.be.above(
      3_600_000,
    )
  })

  it('are hidden by a marker that belongs to no other key, and by one that does not open, with an event', async () => {
    open()
    const { cache } = made
    await plant('enc:a', 1)
    await plant('enc:b', 2)
    await cache.delete('a')
    const marker = (await store.get(`${MARKER}a`)) ?? Buffer.alloc(0)
    expect(marker[0]).to.equal(0xc1)
    await store.set(`${MARKER}b`, marker, null)
    expect(await cache.get('b')).to.equal(undefined)
    expect([...(await cache.getMany(['a', 'b']))]).to.deep.equal([])
    expect(failures()).to.include('tag')
    await plant('enc:c', 3)
    await cache.set('other', 'value')
    await store.set(`${MARKER}c`, (await store.get('ai_cache::other')) ?? Buffer.alloc(0), null)
    expect(await cache.get('c'), 'a value is no marker, and no value either where a marker lies').to.equal(
      undefined,
    )
  })

  it('that do not open are misses and events; among several the first that opens counts', async () => {
    open({ CACHE_MAX_VALUE_BYTES: '1024' })
    const { cache } = made
    await plantText('ai_cache:a', 'no JSON')
    await plant('enc:b', 'x'.repeat(2000))
    expect(await cache.get('a')).to.equal(undefined)
    expect(await cache.get('b')).to.equal(undefined)
    expect(failures()).to.include.members(['decode', 'too_large'])
    await plantText('ai_cache:b', 'no JSON')
    await plant('enc:a', true)
    expect(await cache.get('a')).to.equal(true)
    expect(await cache.get('b')).to.equal(undefined)
    await until('the one that opens has moved', () => isThere('ai_cache::a'))
    expect(await cache.get('a')).to.equal(true)
  })

  it('leave the last call on a key the last word', async () => {
    open()
    const { cache } = made
    await plant('enc:a', 'old')
    const large = Buffer.alloc(300_000, 1)
    const [, , deleted, read, , last] = await Promise.all([
      cache.set('a', 1),
      cache.set('a', large),
      cache.delete('a'),
      cache.get('a'),
      cache.set('a', 2),
      cache.get('a'),
    ])
    expect(deleted).to.equal(true)
    expect(read).to.equal(undefined)
    expect(last).to.equal(2)
    expect(await cache.get('a')).to.equal(2)
  })

  it('are hidden before anything else is done: what is interrupted leaves a miss', async () => {
    let broken = false
    open({}, (operation) => {
      if (broken && (operation === 'delete' || operation === 'add')) throw new Error('the process ends here')
    })
    await plant('enc:a', 'old')
    await made.cache.set('a', 'new')
    broken = true
    expect(await made.cache.delete('a')).to.equal(false)
    expect(await made.cache.get('a')).to.equal('new')
    await store.set('ai_cache::a', Buffer.alloc(0), 1)
    made.advance(10)
    expect(await made.cache.get('a')).to.equal(undefined)
  })

  it('that cannot be hidden fail the write', async () => {
    let broken = false
    open({}, (operation) => {
      if (broken && operation === 'getMany') throw new Error('no answer')
    })
    await plant('enc:a', 'old')
    broken = true
    expect(await made.cache.set('a', 'new')).to.equal(false)
    expect(await made.cache.delete('a')).to.equal(false)
    expect(await isThere('ai_cache::a')).to.equal(false)
  })

  it('are cleared with the root namespace, and with no other', async () => {
    open()
    const { cache } = made
    await plant('enc:a', 1)
    await plant('ai_cache:b', 2)
    await plant('enc::', 3)
    await cache.namespace('user').set('1', 'sealed')
    await cache.namespace('enc').clear()
    expect((await cache.getMany(['a', 'b', ':'])).size).to.equal(3)
    expect(await cache.clear()).to.equal(true)
    expect((await cache.getMany(['a', 'b', ':'])).size).to.equal(0)
    expect(await cache.namespace('user').get('1')).to.equal('sealed')
  })

  it('are no more once the date has passed, and cost nothing then or without the setting', async () => {
    for (const env of [{}, { CACHE_LEGACY_PREFIXES: '' }]) {
      const asked: string[] = []
      open(env, (operation) => {
        asked.push(operation)
      })
      await plant('enc:a', 1)
      made.advance(3 * DAY_MS)
      asked.length = 0
      expect(await made.cache.get('a')).to.equal(undefined)
      expect(await made.cache.delete('a')).to.equal(false)
      await made.cache.set('a', 2)
      await made.cache.getMany(['a'])
      await made.cache.ttl('a')
      await made.cache.touch('a', 1)
      expect(asked).to.deep.equal(['get', 'delete', 'set', 'getMany', 'ttl', 'get', 'expire'])
      await made.cache.close()
    }
  })

  it('are not looked for in other namespaces', async () => {
    open()
    await plant('enc:user:1', 1)
    await plant('enc:1', 1)
    expect(await made.cache.namespace('user').get('1')).to.equal(undefined)
  })
})

describe('keys of an earlier application on a real server', () => {
  let redis: RunningRedis
  before(async () => {
    redis = await startRedis({ earlierPrefixes: ['ai_cache:', 'enc:'] })
  })
  after(() => redis.stop())

  const open = async (env: Readonly<Record<string, string>> = {}): Promise<TestCache> => {
    const made = testCache({ env: { ...redis.env, ...settings(), CACHE_TIMEOUT_MS: '5000', ...env } })
    await made.cache.ready()
    return made
  }

  it('are read, moved, hidden and cleared by the rights of the roles', async () => {
    const admin = redis.admin()
    const { cache, events } = await open()
    await admin.mset({ 'ai_cache:a': '1', 'enc:b': '"b"', 'enc:c': '3', 'ai_cache:d': '4' })
    await admin.pexpire('enc:b', 60_000)
    await admin.rpush('enc:list', 'x')
    expect(await cache.get('a')).to.equal(1)
    expect([...(await cache.getMany(['b', 'list', 'd']))]).to.deep.equal([
      ['b', 'b'],
      ['d', 4],
    ])
    await until(
      'they have moved',
      async () => (await admin.exists('ai_cache::a', 'ai_cache::b', 'ai_cache::d')) === 3,
    )
    expect(await admin.pttl('ai_cache::b')).to.be.within(50_000, 60_000)
    expect(await admin.get('enc:b')).to.equal('"b"')
    expect(await cache.ttl('c')).to.equal(null)
    expect(await cache.touch('c', 60)).to.equal(true)
    expect(await cache.delete('b')).to.equal(true)
    expect(await cache.get('b')).to.equal(undefined)
    expect(await cache.delete('list')).to.equal(false)
    expect(await cache.set('list', 1)).to.equal(true)
    expect(await cache.clear()).to.equal(true)
    expect((await cache.getMany(['a', 'b', 'c', 'd', 'list'])).size).to.equal(0)
    expect((await admin.keys('enc:*')).toSorted()).to.deep.equal(['enc:list'])
    expect(events.filter(({ severity }) => severity !== 'info')).to.deep.equal([])
    await cache.close()
  })

  it('never bring back what somebody deletes or writes while they move', async () => {
    const admin = redis.admin()
    const { cache } = await open()
    const keys = Array.from({ length: 60 }, (_, index) => `race:${index}`)
    await admin.mset(...keys.flatMap((key) => [`enc:${key}`, '"old"']))
    await Promise.all(
      keys.map(async (key, index) => {
        const read = cache.get(key)
        if (index % 3 === 0) await read
        await (index % 2 === 0 ? cache.delete(key) : cache.set(key, 'new'))
      }),
    )
    const found = await cache.getMany(keys)
    for (const [index, key] of keys.entries()) {
      expect(found.get(key), key).to.equal(index % 2 === 0 ? undefined : 'new')
    }
    await cache.close()
  })

  it('that the server does not let the cache read leave its own values readable', async () => {
    const admin = redis.admin()
    await admin.call('ACL', 'SETUSER', 'cache_service', 'resetkeys', '~ai_cache:*')
    const { cache, events } = await open({ CACHE_LEGACY_PREFIXES: 'enc:' })
    await admin.set('enc:denied', '1')
    expect(await cache.set('mine', 1)).to.equal(true)
    expect([...(await cache.getMany(['mine', 'denied']))]).to.deep.equal([['mine', 1]])
    expect(await cache.ttl('mine')).to.be.above(0)
    expect(await cache.delete('mine')).to.equal(true)
    expect(events.some(({ type }) => type === 'acl.denied')).to.equal(true)
    await cache.close()
  })
})
