import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import type { CacheErrorCode } from '../../lib/errors.js'
import type { Store } from '../../lib/store.js'

export interface StoreUnderTest {
  /** A store of its own for each test, empty or under a prefix of its own. */
  readonly store: Store
  /** Lets this much time pass: a clock that is set, or a wait until the server has forgotten. */
  readonly pass: (ms: number) => Promise<void>
  /** What every key of the test begins with; `store.clear` is only asked for prefixes below it. */
  readonly prefix: string
  readonly cleanUp: () => Promise<void>
}

/** What every store promises; both stores pass it, on the same lines. */
export function describeStoreContract(kind: string, create: () => Promise<StoreUnderTest>): void {
  describe(`store contract: ${kind}`, () => {
    let subject: StoreUnderTest
    let store: Store
    const named = (name: string): string => `${subject.prefix}${name}`

    beforeEach(async () => {
      subject = await create()
      store = subject.store
      await store.ready()
    })

    afterEach(async () => {
      await subject.cleanUp()
    })

    it('gives back exactly the bytes that were set', async () => {
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
      await store.set(named('bytes'), bytes, null)
      const back = await store.get(named('bytes'))
      expect(Buffer.isBuffer(back)).to.equal(true)
      expect(back?.equals(bytes)).to.equal(true)
    })

    it('knows an empty value from an absent one', async () => {
      await store.set(named('empty'), new Uint8Array(0), null)
      expect((await store.get(named('empty')))?.length).to.equal(0)
      expect(await store.get(named('absent'))).to.equal(undefined)
    })

    it('keeps bytes that change later outside as they were', async () => {
      const given = Buffer.from('before')
      await store.set(named('copy'), given, null)
      given.fill(0)
      const first = await store.get(named('copy'))
      first?.fill(0)
      expect((await store.get(named('copy')))?.toString()).to.equal('before')
    })

    it('accepts every character in a key', async () => {
      const keys = ['*', '?', '[a]', '\\', ' ', '\0', '\r\n', 'é', '😀', '{a}b', '%s', ':', '@'].map(named)
      await store.setMany(
        keys.map((key, index) => ({ key, bytes: Buffer.from(String(index)) })),
        60_000,
      )
      expect((await store.getMany(keys)).map(String)).to.deep.equal(keys.map((_, index) => String(index)))
      expect(await store.delete(keys)).to.equal(keys.length)
    })

    it('answers many keys in their order, absent and repeated ones included', async () => {
      await store.setMany(
        [
          { key: named('a'), bytes: Buffer.from('1') },
          { key: named('b'), bytes: Buffer.from('2') },
        ],
        60_000,
      )
      const back = await store.getMany(['b', 'x', 'a', 'b'].map(named))
      expect(back.map((bytes) => bytes?.toString())).to.deep.equal(['2', undefined, '1', '2'])
      expect(await store.getMany([])).to.deep.equal([])
    })

    it('takes many values at once, more than one batch holds', async () => {
      const keys = Array.from({ length: 500 }, (_, index) => named(`many:${index}`))
      await store.setMany(
        keys.map((key) => ({ key, bytes: Buffer.from(key) })),
        60_000,
      )
      expect((await store.getMany(keys)).map(String)).to.deep.equal(keys)
    })

    it('overwrites value and time to live', async () => {
      await store.set(named('twice'), Buffer.from('old'), 60_000)
      await store.set(named('twice'), Buffer.from('new'), null)
      expect((await store.get(named('twice')))?.toString()).to.equal('new')
      expect(await store.ttl(named('twice'))).to.equal(null)
    })

    it('says how long a value has left, null without expiry, undefined where absent', async () => {
      await store.set(named('timed'), Buffer.from('x'), 60_000)
      await store.set(named('untimed'), Buffer.from('x'), null)
      expect(await store.ttl(named('timed'))).to.be.within(50_000, 60_000)
      expect(await store.ttl(named('untimed'))).to.equal(null)
      expect(await store.ttl(named('absent'))).to.equal(undefined)
    })

    it('forgets a value once its time is over', async () => {
      await store.set(named('short'), Buffer.from('x'), 30)
      await subject.pass(60)
      expect(await store.get(named('short'))).to.equal(undefined)
      expect(await store.ttl(named('short'))).to.equal(undefined)
      expect(await store.expire(named('short'), 1000)).to.equal(false)
      expect(await store.delete([named('short')])).to.equal(0)
    })

    it('accepts fractions of a millisecond and never takes them for no expiry', async () => {
      await store.set(named('fraction'), Buffer.from('x'), 0.25)
      await store.set(named('longer'), Buffer.from('x'), 60_000.5)
      expect(await store.ttl(named('longer'))).to.be.within(50_000, 60_001)
      await subject.pass(20)
      expect(await store.get(named('fraction'))).to.equal(undefined)
    })

    it('gives an existing value a new time to live, and only an existing one', async () => {
      await store.set(named('slid'), Buffer.from('x'), 1000)
      expect(await store.expire(named('slid'), 60_000)).to.equal(true)
      expect(await store.ttl(named('slid'))).to.be.within(50_000, 60_000)
      expect(await store.expire(named('absent'), 60_000)).to.equal(false)
      await store.set(named('untimed'), Buffer.from('x'), null)
      expect(await store.expire(named('untimed'), 60_000)).to.equal(true)
      expect(await store.ttl(named('untimed'))).to.be.within(50_000, 60_000)
    })

    it('counts what it deleted', async () => {
      await store.set(named('a'), Buffer.from('x'), 60_000)
      expect(await store.delete([named('a'), named('b')])).to.equal(1)
      expect(await store.get(named('a'))).to.equal(undefined)
      expect(await store.delete([])).to.equal(0)
    })

    it('clears what begins with a prefix, taken as text, and nothing else', async () => {
      const inside = ['c*:1', 'c*:2'].map(named)
      const outside = ['c', 'cx:1', 'c:1', 'd*:1'].map(named)
      await store.setMany(
        [...inside, ...outside].map((key) => ({ key, bytes: Buffer.from('x') })),
        60_000,
      )
      await store.clear(named('c*:'))
      const left = await store.getMany([...inside, ...outside])
      expect(left.map((bytes) => bytes !== undefined)).to.deep.equal([false, false, true, true, true, true])
    })

    it('adds where there is nothing, and only there', async () => {
      expect(await store.add(named('added'), Buffer.from('first'), 60_000)).to.equal(true)
      expect(await store.add(named('added'), Buffer.from('second'), 1)).to.equal(false)
      expect((await store.get(named('added')))?.toString()).to.equal('first')
      expect(await store.ttl(named('added'))).to.be.within(50_000, 60_000)
      expect(await store.add(named('untimed'), Buffer.from('x'), null)).to.equal(true)
      expect(await store.ttl(named('untimed'))).to.equal(null)
    })

    it('clears those alone that are wanted, by name and first byte', async () => {
      const texts = ['only:plain', 'only:kept', 'only:empty', 'only:sealed', 'other:plain']
      for (const name of texts) {
        const text = name.endsWith('empty') ? '' : name.endsWith('sealed') ? '!x' : 'x'
        await store.set(named(name), Buffer.from(text), 60_000)
      }
      await store.clear(named('only:'), (key, head) => head[0] !== 0x21 && key !== named('only:kept'))
      const left = await store.getMany(texts.map(named))
      expect(left.map((bytes) => bytes !== undefined)).to.deep.equal([false, true, false, true, true])
    })

    it('rejects with ERR_CACHE_CLOSED after it was closed, and closes twice without harm', async () => {
      await store.close()
      await store.close()
      const operations: Record<string, () => Promise<unknown>> = {
        get: () => store.get(named('a')),
        getMany: () => store.getMany([named('a')]),
        set: () => store.set(named('a'), Buffer.from('x'), null),
        add: () => store.add(named('a'), Buffer.from('x'), null),
        setMany: () => store.setMany([{ key: named('a'), bytes: Buffer.from('x') }], null),
        delete: () => store.delete([named('a')]),
        ttl: () => store.ttl(named('a')),
        expire: () => store.expire(named('a'), 1000),
        clear: () => store.clear(named('a')),
        ready: () => store.ready(),
      }
      for (const [name, operation] of Object.entries(operations)) {
        expect(await codeOf(operation()), name).to.equal('ERR_CACHE_CLOSED')
      }
    })
  })
}

async function codeOf(operation: Promise<unknown>): Promise<CacheErrorCode | 'no error'> {
  return operation.then(
    () => 'no error',
    (error: { code: CacheErrorCode }) => error.code,
  )
}
