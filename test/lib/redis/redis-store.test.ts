import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { SecurityEvents } from '../../../lib/events.js'
import { RedisStore } from '../../../lib/redis/redis-store.js'
import type { RunningRedis } from '../../support/redis-server.js'
import { startRedis } from '../../support/redis-server.js'

describe('RedisStore', () => {
  let redis: RunningRedis
  let store: RedisStore
  before(async () => {
    redis = await startRedis()
    store = openStore(redis)
    await store.ready()
  })
  after(async () => {
    await store.close()
    await redis.stop()
  })

  it('gives back the bytes that were stored', async () => {
    const bytes = Buffer.from([0, 255, 13, 10, 36])
    await store.set('ai_cache:n:bytes', bytes, 60_000)
    expect(await store.get('ai_cache:n:bytes')).to.deep.equal(bytes)
    expect(await store.get('ai_cache:n:absent')).to.equal(undefined)
  })

  it('reads many in the order of the keys', async () => {
    const keys = Array.from({ length: 200 }, (_, index) => `ai_cache:many:${index}`)
    await store.setMany(
      keys.filter((_, index) => index % 3 !== 0).map((key) => ({ key, bytes: Buffer.from(key) })),
      null,
    )
    const values = await store.getMany(keys)
    expect(values.map((value) => value?.toString())).to.deep.equal(
      keys.map((key, index) => (index % 3 === 0 ? undefined : key)),
    )
  })

  it('knows how long a value lives and lets it live longer', async () => {
    await store.set('ai_cache:n:short', Buffer.from('x'), 50_000)
    expect(await store.ttl('ai_cache:n:short')).to.be.within(49_000, 50_000)
    expect(await store.expire('ai_cache:n:short', 90_000)).to.equal(true)
    expect(await store.ttl('ai_cache:n:short')).to.be.within(89_000, 90_000)
    expect(await store.expire('ai_cache:n:absent', 90_000)).to.equal(false)
    expect(await store.ttl('ai_cache:n:absent')).to.equal(undefined)
    await store.set('ai_cache:n:for-ever', Buffer.from('x'), null)
    expect(await store.ttl('ai_cache:n:for-ever')).to.equal(null)
  })

  it('deletes and counts what there was', async () => {
    await store.set('ai_cache:n:gone', Buffer.from('x'), null)
    expect(await store.delete(['ai_cache:n:gone', 'ai_cache:n:absent'])).to.equal(1)
    expect(await store.delete([])).to.equal(0)
  })

  it('clears by a prefix that is text and no pattern', async () => {
    const kept = ['ai_cache:n:star', 'ai_cache:nX:y']
    const cleared = ['ai_cache:n*:a', 'ai_cache:n*:b']
    for (const key of [...kept, ...cleared]) await store.set(key, Buffer.from('x'), null)
    await store.clear('ai_cache:n*:')
    expect(await store.getMany(cleared)).to.deep.equal([undefined, undefined])
    expect((await store.getMany(kept)).map(String)).to.deep.equal(['x', 'x'])
  })
})

function openStore(redis: RunningRedis): RedisStore {
  return new RedisStore({
    settings: {
      redis: redis.settings,
      users: redis.users,
      cache: { timeoutMs: 250, maxValueBytes: 1024 * 1024 },
    },
    events: new SecurityEvents(),
  })
}
