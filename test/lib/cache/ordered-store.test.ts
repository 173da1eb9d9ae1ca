import { expect } from 'chai'
import { describe, it } from 'mocha'
import { OrderedStore } from '../../../lib/cache/ordered-store.js'
import { MemoryStore } from '../../../lib/memory-store.js'

function sealing(): { bytes: Promise<Buffer>; done: (text: string) => void } {
  let done: (text: string) => void = () => undefined
  const bytes = new Promise<Buffer>((resolve) => {
    done = (text) => {
      resolve(Buffer.from(text))
    }
  })
  return { bytes, done }
}

function open(): { store: OrderedStore; text: (key: string) => Promise<string | undefined> } {
  const store = new OrderedStore(new MemoryStore({ maxBytes: 1_000_000 }))
  return { store, text: async (key) => (await store.get(key))?.toString() }
}

describe('a store whose values are still being sealed', () => {
  it('keeps what was written last, though what came before is sealed later', async () => {
    const { store, text } = open()
    const slow = sealing()
    const first = store.set('key', slow.bytes, null)
    const second = store.set('key', Buffer.from('second'), null)
    slow.done('first')
    await Promise.all([first, second])
    expect(await text('key')).to.equal('second')
  })

  it('keeps the order of two values that are both sealed elsewhere', async () => {
    const { store, text } = open()
    const [one, two] = [sealing(), sealing()]
    const writes = [store.set('key', one.bytes, null), store.set('key', two.bytes, null)]
    two.done('two')
    one.done('one')
    await Promise.all(writes)
    expect(await text('key')).to.equal('two')
  })

  it('reads what was written before the read', async () => {
    const { store, text } = open()
    const slow = sealing()
    const written = store.set('key', slow.bytes, null)
    const reads = Promise.all([text('key'), store.getMany(['key', 'other']), store.ttl('key')])
    slow.done('value')
    await written
    const [single, many, left] = await reads
    expect([single, many[0]?.toString(), left]).to.deep.equal(['value', 'value', null])
  })

  it('removes what was written before', async () => {
    const { store, text } = open()
    const [one, two] = [sealing(), sealing()]
    void store.set('a', one.bytes, null)
    const removed = store.delete(['a'])
    void store.setMany(
      [
        { key: 'p:b', bytes: two.bytes },
        { key: 'p:c', bytes: Buffer.from('c') },
      ],
      null,
    )
    const cleared = store.clear('p:')
    one.done('a')
    two.done('b')
    expect(await removed).to.equal(1)
    await cleared
    expect([await text('a'), await text('p:b'), await text('p:c')]).to.deep.equal([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('lets other keys pass', async () => {
    const { store, text } = open()
    const slow = sealing()
    const written = store.set('key', slow.bytes, null)
    await store.set('other', Buffer.from('quick'), null)
    expect(await text('other')).to.equal('quick')
    slow.done('slow')
    await written
  })

  it('writes what was sealed before it closes', async () => {
    const { store } = open()
    const slow = sealing()
    const written = store.set('key', slow.bytes, null)
    const closed = store.close({})
    slow.done('value')
    await written
    await closed
    const refused = await store.set('key', Buffer.from('late'), null).then(
      () => 'written',
      () => 'refused',
    )
    expect(refused).to.equal('refused')
  })
})
