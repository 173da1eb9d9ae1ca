import { expect } from 'chai'
import { describe, it } from 'mocha'
import { MemoryStore } from '../../lib/memory-store.js'
import { describeStoreContract } from '../support/store-contract.js'

describeStoreContract('memory', async () => {
  let time = 0
  const store = new MemoryStore({ maxBytes: 16 * 1024 * 1024, now: () => time })
  return {
    store,
    prefix: 'test:',
    pass: async (ms) => {
      time += ms
    },
    cleanUp: () => store.close(),
  }
})

describe('memory store', () => {
  it('holds at most so many entries and lets the least recently used go first', async () => {
    const store = new MemoryStore({ maxBytes: 1024 * 1024, maxEntries: 3 })
    for (const key of ['a', 'b', 'c']) {
      await store.set(key, Buffer.from(key), null)
    }
    await store.get('a')
    await store.set('d', Buffer.from('d'), null)
    const left = await store.getMany(['a', 'b', 'c', 'd'])
    expect(left.map((bytes) => bytes?.toString())).to.deep.equal(['a', undefined, 'c', 'd'])
    expect(store.size).to.equal(3)
  })

  it('holds at most so many bytes, keys and book-keeping included', async () => {
    const store = new MemoryStore({ maxBytes: 10_000 })
    for (let index = 0; index < 100; index += 1) {
      await store.set(`key:${index}`, Buffer.alloc(700), null)
      expect(store.bytes).to.be.at.most(10_000)
    }
    expect(store.size).to.equal(10)
    expect(await store.get('key:99')).not.to.equal(undefined)
    expect(await store.get('key:0')).to.equal(undefined)
  })

  it('refuses a value that is larger than all of it, and keeps what it has', async () => {
    const store = new MemoryStore({ maxBytes: 10_000 })
    await store.set('a', Buffer.from('kept'), null)
    const error = await store.set('b', Buffer.alloc(10_000), null).catch((reason: unknown) => reason)
    expect(error).to.have.property('code', 'ERR_CACHE_TOO_LARGE')
    expect((await store.get('a'))?.toString()).to.equal('kept')
  })

  it('lets a value live for exactly its time', async () => {
    let time = 0
    const store = new MemoryStore({ maxBytes: 10_000, now: () => time })
    await store.set('a', Buffer.from('x'), 1000)
    time = 999
    expect(await store.ttl('a')).to.equal(1)
    time = 1001
    expect(await store.get('a')).to.equal(undefined)
  })

  it('does not let reading lengthen a life', async () => {
    let time = 0
    const store = new MemoryStore({ maxBytes: 10_000, now: () => time })
    await store.set('a', Buffer.from('x'), 1000)
    time = 900
    await store.get('a')
    expect(await store.ttl('a')).to.equal(100)
  })
})
