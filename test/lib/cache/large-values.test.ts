import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import type { SecureCache } from '../../../lib/interface.js'
import { testCache, type TestCache } from '../../support/test-cache.js'

const MIB = 1024 * 1024
/** The first large value starts the thread; the others go there once it listens. */
const VALUES = 4

describe('large byte values', () => {
  let subject: TestCache
  let cache: SecureCache

  before(async () => {
    subject = testCache({ backend: 'memory', maxValueBytes: 4 * MIB, env: { CACHE_UNSAFE_MEMORY: 'true' } })
    cache = subject.cache
    await cache.set('first', Buffer.alloc(MIB))
  })

  after(() => cache.close())

  it('come back as what they were, one by one and together', async () => {
    const values = new Map(Array.from({ length: VALUES }, (_, index) => [`k${index}`, randomBytes(MIB)]))
    expect(await cache.setMany(values)).to.equal(true)
    const found = await cache.getMany<Buffer>([...values.keys(), 'absent'])
    expect([...found.keys()]).to.deep.equal([...values.keys()])
    for (const [key, value] of values) {
      expect(found.get(key)?.equals(value), key).to.equal(true)
      expect((await cache.get<Buffer>(key))?.equals(value), key).to.equal(true)
    }
  })

  it('do not overwrite what was written after them', async () => {
    const written = [cache.set('key', Buffer.alloc(MIB)), cache.set('key', 'small')]
    expect(await Promise.all(written)).to.deep.equal([true, true])
    expect(await cache.get('key')).to.equal('small')
  })

  it('are gone once they are deleted, though they were still being sealed', async () => {
    const written = cache.set('key', Buffer.alloc(MIB))
    expect(await cache.delete('key')).to.equal(true)
    await written
    expect(await cache.get('key')).to.equal(undefined)
  })

  it('are loaded once, and each caller gets bytes of its own', async () => {
    let loads = 0
    const load = (): Buffer => {
      loads += 1
      return Buffer.alloc(MIB, 7)
    }
    const [one, two] = await Promise.all([cache.getOrSet('loaded', load), cache.getOrSet('loaded', load)])
    const three = await cache.getOrSet('loaded', load)
    expect(loads).to.equal(1)
    expect([one, two, three].every((value) => Buffer.alloc(MIB, 7).equals(value))).to.equal(true)
    expect(one).not.to.equal(two)
  })

  it('are a miss and an event where they were tampered with', async () => {
    const { store } = subject.internals
    await cache.set('key', Buffer.alloc(MIB))
    const name = 'ai_cache::key'
    const sealed = Buffer.from((await store.get(name)) ?? [])
    sealed[MIB / 2] = (sealed[MIB / 2] ?? 0) ^ 1
    await store.set(name, sealed, null)
    expect(await cache.get('key')).to.equal(undefined)
    expect(await cache.getMany(['key', 'first'])).to.have.length(1)
    expect(subject.events.map(({ type }) => type)).to.include('decrypt.failure')
  })

  it('are written before the cache closes', async () => {
    const other = testCache({
      backend: 'memory',
      maxValueBytes: 4 * MIB,
      env: { CACHE_UNSAFE_MEMORY: 'true' },
    })
    await other.cache.set('first', Buffer.alloc(MIB))
    const written = other.cache.set('key', Buffer.alloc(MIB))
    await other.cache.close()
    expect(await written).to.equal(true)
  })
})
