import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import type { SecurityEvent } from '../../lib/events.js'
import type { Cache, SecureCache } from '../../lib/interface.js'
import type { Store } from '../../lib/store.js'

export interface CacheUnderTest {
  readonly cache: SecureCache
  /** The bytes as they rest, under complete names. */
  readonly store: Store
  /** Begins every complete name. */
  readonly keyPrefix: string
  /** Every event since the cache was made. */
  readonly events: readonly SecurityEvent[]
  /** Moves the clock of the cache, and of the store where that has one of its own. */
  readonly advance: (ms: number) => void
  readonly cleanUp: () => Promise<void>
}

export interface CacheUnderTestOptions {
  readonly onFailure?: 'degrade' | 'throw' | undefined
}

export type CreateCache = (options?: CacheUnderTestOptions) => Promise<CacheUnderTest>

/** What the cache promises, whatever keeps its bytes. */
export function describeCacheContract(kind: string, create: CreateCache): void {
  describe(`cache contract: ${kind}`, () => {
    let subject: CacheUnderTest
    let cache: SecureCache
    let store: Store
    const nameOf = (key: string, namespace = ''): string => `${subject.keyPrefix}${namespace}:${key}`
    const failures = (): string[] =>
      subject.events.flatMap((event) => (event.type === 'decrypt.failure' ? [event.reason] : []))

    beforeEach(async () => {
      subject = await create()
      ;({ cache, store } = subject)
      await cache.ready()
    })

    afterEach(async () => {
      await subject.cleanUp()
    })

    describe('values', () => {
      const values: Readonly<Record<string, unknown>> = {
        text: 'text',
        'empty text': '',
        'text of all planes': 'é 漢 😀 \u0000 "\\',
        zero: 0,
        fraction: -1.5e-7,
        true: true,
        false: false,
        null: null,
        list: [1, 'two', null, [3]],
        'empty list': [],
        object: { a: { b: [{ c: 1 }] }, é: null },
        'empty object': {},
      }
      for (const [name, value] of Object.entries(values)) {
        it(`gives back ${name} as it was set`, async () => {
          expect(await cache.set('key', value)).to.equal(true)
          expect(await cache.get('key')).to.deep.equal(value)
        })
      }

      it('gives back bytes as bytes', async () => {
        const bytes = Uint8Array.from({ length: 300 }, (_, index) => index % 256)
        await cache.set('key', bytes)
        const back = await cache.get<Uint8Array>('key')
        expect(back).to.be.instanceOf(Uint8Array)
        expect(Buffer.from(back ?? []).equals(bytes)).to.equal(true)
        await cache.set('key', new Uint8Array(0))
        expect((await cache.get<Uint8Array>('key'))?.length).to.equal(0)
      })

      it('gives a Date back as the text that JSON makes of it', async () => {
        await cache.set('key', { at: new Date(0), gone: undefined })
        expect(await cache.get('key')).to.deep.equal({ at: '1970-01-01T00:00:00.000Z' })
      })

      it('knows absent from null', async () => {
        await cache.set('null', null)
        expect(await cache.get('null')).to.equal(null)
        expect(await cache.has('null')).to.equal(true)
        expect(await cache.get('absent')).to.equal(undefined)
        expect(await cache.has('absent')).to.equal(false)
      })

      it('gives each reader an object of its own', async () => {
        await cache.set('key', { list: [1] })
        const first = await cache.get<{ list: number[] }>('key')
        first?.list.push(2)
        expect(await cache.get('key')).to.deep.equal({ list: [1] })
      })
    })

    describe('rests', () => {
      it('unreadable: neither value nor anything of it lies in the store', async () => {
        await cache.set('key', { name: 'Ada Lovelace', text: 'plain as day' })
        const bytes = await store.get(nameOf('key'))
        expect(bytes?.[0]).to.equal(0xc1)
        expect(bytes?.includes('Ada')).to.equal(false)
        expect(bytes?.includes('plain as day')).to.equal(false)
        expect(bytes?.toString('base64')).not.to.include(Buffer.from('plain as d').toString('base64'))
      })

      it('at its key alone: moved to another key or namespace it is a miss and an event', async () => {
        await cache.set('mine', 'value')
        const bytes = (await store.get(nameOf('mine'))) ?? Buffer.alloc(0)
        await store.set(nameOf('other'), bytes, 60_000)
        await store.set(nameOf('mine', 'tenant'), bytes, 60_000)
        expect(await cache.get('other')).to.equal(undefined)
        expect(await cache.has('other')).to.equal(false)
        expect(await cache.namespace('tenant').get('mine')).to.equal(undefined)
        expect(await cache.get('mine')).to.equal('value')
        expect(failures()[0]).to.equal('tag')
      })

      it('unaltered: one flipped bit anywhere is a miss', async () => {
        await cache.set('key', 'value')
        const bytes = (await store.get(nameOf('key'))) ?? Buffer.alloc(0)
        for (let index = 0; index < bytes.length; index += 1) {
          const altered = Buffer.from(bytes)
          altered[index] = (altered[index] ?? 0) ^ 1
          await store.set(nameOf('key'), altered, 60_000)
          expect(await cache.get('key'), `byte ${index}`).to.equal(undefined)
        }
      })

      it('as a sealed value: planted plaintext is a miss, never a value', async () => {
        await store.set(nameOf('planted'), Buffer.from('{"admin":true}'), 60_000)
        expect(await cache.get('planted')).to.equal(undefined)
        expect(await cache.getOrSet('planted', () => 'loaded')).to.equal('loaded')
        expect(failures()[0]).to.equal('format')
      })

      it('from the future, where clocks disagree: it opens, and an event tells', async () => {
        await cache.set('key', 'value', { ttl: null })
        subject.advance(-61_000)
        expect(await cache.get('key')).to.equal('value')
        subject.advance(-100_000)
        expect(await cache.get('key')).to.equal('value')
        const skews = subject.events.flatMap((event) => (event.type === 'clock.skew' ? [event.seconds] : []))
        expect(skews).to.have.length(1)
        expect(skews[0]).to.be.within(61, 63)
      })

      it('for its lifetime: put back after it, it is expired', async () => {
        await cache.set('key', 'value', { ttl: 10 })
        const bytes = (await store.get(nameOf('key'))) ?? Buffer.alloc(0)
        subject.advance(71_000)
        await store.set(nameOf('key'), bytes, 60_000)
        expect(await cache.get('key')).to.equal(undefined)
        expect(failures()).to.deep.equal(['expired'])
      })
    })

    describe('refuses', () => {
      const codeOf = async (operation: () => Promise<unknown>): Promise<unknown> =>
        operation().then(
          () => 'no error',
          (error: { code: string }) => error.code,
        )
      const anyCache = (): Record<string, (...given: unknown[]) => Promise<unknown>> =>
        cache as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>

      it('what cannot be a key, in every operation', async () => {
        for (const key of ['', 'x'.repeat(1025), '\uD800', 7, undefined, null, {}]) {
          for (const operation of ['get', 'has', 'delete', 'ttl']) {
            expect(await codeOf(async () => anyCache()[operation]?.(key)), operation).to.equal(
              'ERR_CACHE_KEY',
            )
          }
          expect(await codeOf(async () => anyCache()['set']?.(key, 1))).to.equal('ERR_CACHE_KEY')
          expect(await codeOf(async () => anyCache()['getOrSet']?.(key, () => 1))).to.equal('ERR_CACHE_KEY')
          expect(await codeOf(async () => anyCache()['touch']?.(key, 1))).to.equal('ERR_CACHE_KEY')
          for (const operation of ['getMany', 'deleteMany']) {
            expect(await codeOf(async () => anyCache()[operation]?.(['a', key]))).to.equal('ERR_CACHE_KEY')
          }
          expect(await codeOf(async () => anyCache()['setMany']?.([[key, 1]]))).to.equal('ERR_CACHE_KEY')
        }
      })

      it('what is no list of keys or entries, without telling what came', async () => {
        for (const keys of ['secret', 7, undefined, null, {}]) {
          expect(await codeOf(async () => anyCache()['getMany']?.(keys))).to.equal('ERR_CACHE_KEY')
          expect(await codeOf(async () => anyCache()['deleteMany']?.(keys))).to.equal('ERR_CACHE_KEY')
        }
        for (const entries of ['secret', 7, undefined, ['secret'], [['a']], [['a', 1, 2]], { a: 1 }]) {
          const error: unknown = await (async () => anyCache()['setMany']?.(entries))().catch(
            (reason: unknown) => reason,
          )
          expect(error).to.have.property('code', 'ERR_CACHE_MISUSE')
          expect(String(error)).not.to.include('secret')
        }
      })

      it('what JSON would lose, and writes nothing then', async () => {
        const refused = [
          undefined,
          () => 1,
          1n,
          Symbol('s'),
          NaN,
          Infinity,
          new Map(),
          new Set(),
          [new Map()],
        ]
        for (const value of refused) {
          expect(await codeOf(async () => anyCache()['set']?.('key', value))).to.equal('ERR_CACHE_VALUE')
          expect(
            await codeOf(async () =>
              anyCache()['setMany']?.([
                ['good', 1],
                ['bad', value],
              ]),
            ),
          ).to.equal('ERR_CACHE_VALUE')
          expect(await codeOf(async () => anyCache()['getOrSet']?.('loaded', () => value))).to.equal(
            'ERR_CACHE_VALUE',
          )
        }
        expect(await cache.getMany(['key', 'good', 'bad', 'loaded'])).to.deep.equal(new Map())
      })

      it('times that are none', async () => {
        for (const ttl of [0, -1, NaN, Infinity, '5', '1w', 10 * 365 * 86_400 + 1, true, {}]) {
          expect(await codeOf(async () => anyCache()['set']?.('key', 1, { ttl }))).to.equal('ERR_CACHE_TTL')
          expect(await codeOf(async () => anyCache()['set']?.('key', 1, { lifetime: ttl }))).to.equal(
            'ERR_CACHE_TTL',
          )
          expect(await codeOf(async () => anyCache()['touch']?.('key', ttl))).to.equal('ERR_CACHE_TTL')
          expect(await codeOf(async () => anyCache()['getOrSet']?.('key', () => 1, { ttl }))).to.equal(
            'ERR_CACHE_TTL',
          )
        }
      })

      it('values above the limit before sealing them, and stores the largest below it', async () => {
        const largest = 1024 * 1024 - 67
        expect(await cache.set('key', new Uint8Array(largest))).to.equal(true)
        expect((await cache.get<Uint8Array>('key'))?.length).to.equal(largest)
        expect(await codeOf(() => cache.set('key', new Uint8Array(largest + 1)))).to.equal(
          'ERR_CACHE_TOO_LARGE',
        )
        expect(
          await codeOf(() =>
            cache.setMany([
              ['a', 1],
              ['b', 'x'.repeat(largest)],
            ]),
          ),
        ).to.equal('ERR_CACHE_TOO_LARGE')
        expect(await cache.get('a')).to.equal(undefined)
      })

      it('a loader that is none', async () => {
        expect(await codeOf(async () => anyCache()['getOrSet']?.('key', 'value'))).to.equal(
          'ERR_CACHE_MISUSE',
        )
      })
    })

    describe('times', () => {
      it('tells the seconds left, null without expiry, undefined where absent', async () => {
        await cache.set('default', 1)
        await cache.set('minute', 1, { ttl: '1m' })
        await cache.set('forever', 1, { ttl: null })
        expect(await cache.ttl('default')).to.be.within(3590, 3600)
        expect(await cache.ttl('minute')).to.be.within(50, 60)
        expect(await cache.ttl('forever')).to.equal(null)
        expect(await cache.ttl('absent')).to.equal(undefined)
      })

      it('slides the time to live by touch, and not beyond the sealed lifetime', async () => {
        await cache.set('session', 1, { ttl: 10, lifetime: 100 })
        expect(await cache.touch('session', 60)).to.equal(true)
        expect(await cache.ttl('session')).to.be.within(55, 60)
        expect(await cache.touch('session', 1000)).to.equal(true)
        expect(await cache.ttl('session')).to.be.within(95, 100)
        expect(await cache.touch('session', null)).to.equal(true)
        expect(await cache.ttl('session')).to.be.within(95, 100)
      })

      it('counts the sealed lifetime from the write, so that nobody lives longer by being touched', async () => {
        await cache.set('session', 1, { ttl: 80, lifetime: 100 })
        subject.advance(70_000)
        expect(await cache.touch('session', 1000)).to.equal(true)
        expect(await cache.ttl('session')).to.be.within(25, 31)
        subject.advance(20_000)
        expect(await cache.touch('session', 1000)).to.equal(true)
        expect(await cache.ttl('session')).to.be.within(0, 11)
      })

      it('bounds the time to live by a shorter lifetime', async () => {
        await cache.set('default', 1, { lifetime: 60 })
        await cache.set('forever', 1, { ttl: null, lifetime: '1m' })
        expect(await cache.ttl('default')).to.be.within(55, 60)
        expect(await cache.ttl('forever')).to.be.within(55, 60)
      })

      it('touches neither what is absent nor what does not open', async () => {
        await store.set(nameOf('planted'), Buffer.from('{}'), 60_000)
        expect(await cache.touch('absent', 60)).to.equal(false)
        expect(await cache.touch('planted', 6000)).to.equal(false)
        expect(await store.ttl(nameOf('planted'))).to.be.at.most(60_000)
      })

      it('stretches a value without lifetime as far as it is asked to', async () => {
        await cache.set('key', 1, { ttl: null })
        expect(await cache.touch('key', 60)).to.equal(true)
        expect(await cache.ttl('key')).to.be.within(55, 60)
        expect(await cache.touch('key', null)).to.equal(true)
        expect(await cache.ttl('key')).to.be.closeTo(10 * 365 * 86_400, 10)
      })
    })

    describe('many', () => {
      it('reads what there is, in the order asked for, each key once', async () => {
        await cache.setMany([
          ['a', 1],
          ['b', null],
          ['c', { d: [] }],
        ])
        const found = await cache.getMany(new Set(['c', 'x', 'a', 'b']))
        expect([...found]).to.deep.equal([
          ['c', { d: [] }],
          ['a', 1],
          ['b', null],
        ])
        expect(await cache.getMany([])).to.deep.equal(new Map())
      })

      it('takes more at once than one batch holds, from a Map as well', async () => {
        const entries = new Map(Array.from({ length: 300 }, (_, index) => [`key:${index}`, index]))
        expect(await cache.setMany(entries, { ttl: 60 })).to.equal(true)
        expect(await cache.getMany(entries.keys())).to.deep.equal(entries)
        expect(await cache.ttl('key:299')).to.be.within(50, 60)
        expect(await cache.deleteMany(['key:0', 'key:1', 'key:0', 'absent'])).to.equal(2)
        expect(await cache.get('key:0')).to.equal(undefined)
      })

      it('writes the last of two values for one key', async () => {
        await cache.setMany([
          ['a', 1],
          ['a', 2],
        ])
        expect(await cache.get('a')).to.equal(2)
      })

      it('leaves out what does not open and gives back the others', async () => {
        await cache.setMany([
          ['a', 1],
          ['b', 2],
        ])
        const bytes = (await store.get(nameOf('a'))) ?? Buffer.alloc(0)
        await store.set(nameOf('b'), bytes, 60_000)
        expect(await cache.getMany(['a', 'b'])).to.deep.equal(new Map([['a', 1]]))
      })

      it('deletes and says whether there was something', async () => {
        await cache.set('key', 1)
        expect(await cache.delete('key')).to.equal(true)
        expect(await cache.delete('key')).to.equal(false)
        expect(await cache.get('key')).to.equal(undefined)
      })
    })

    describe('namespaces', () => {
      const hostile = [':', 'a:b', 'a/b', '%', 'é', '*', '[a]', '.', '..']

      it('keep their keys apart from each other, however they are named', async () => {
        const spaces: Cache[] = [cache, ...hostile.map((name) => cache.namespace(name))]
        spaces.push(cache.namespace('a').namespace('b'))
        for (const [index, space] of spaces.entries()) await space.set('key', index)
        for (const [index, space] of spaces.entries()) expect(await space.get('key')).to.equal(index)
      })

      it('are the same for the same name', async () => {
        await cache.namespace('tenant').set('key', 1)
        expect(await cache.namespace('tenant').get('key')).to.equal(1)
        expect(await store.get(nameOf('key', 'tenant'))).not.to.equal(undefined)
      })

      it('clear themselves alone', async () => {
        const inside = cache.namespace('a*')
        const outside = [cache, cache.namespace('a'), cache.namespace('ab'), inside.namespace('deeper')]
        await inside.setMany([
          ['a', 1],
          ['b', 2],
        ])
        for (const space of outside) await space.set('a', 3)
        expect(await inside.clear()).to.equal(true)
        expect(await inside.getMany(['a', 'b'])).to.deep.equal(new Map())
        for (const space of outside) expect(await space.get('a')).to.equal(3)
        expect(await cache.clear()).to.equal(true)
        expect(await cache.get('a')).to.equal(undefined)
        expect(await cache.namespace('a').get('a')).to.equal(3)
      })

      it('refuse names that are ours or none', () => {
        for (const name of ['@lock', '@', '', '\uD800']) {
          expect(() => cache.namespace(name))
            .to.throw()
            .with.property('code', 'ERR_CACHE_NAMESPACE')
        }
      })
    })

    describe('life', () => {
      it('throws for what does not open where the owner wants to know', async () => {
        await subject.cleanUp()
        subject = await create({ onFailure: 'throw' })
        ;({ cache, store } = subject)
        await cache.ready()
        await store.set(nameOf('planted'), Buffer.from('{}'), 60_000)
        for (const operation of [
          () => cache.get('planted'),
          () => cache.has('planted'),
          () => cache.touch('planted', 1),
          () => cache.getMany(['planted']),
          () => cache.getOrSet('planted', () => 1),
        ]) {
          const error: unknown = await operation().catch((reason: unknown) => reason)
          expect(error).to.have.property('code', 'ERR_CACHE_OPEN')
        }
      })

      it('degrades after it was closed: misses, false, and the loader', async () => {
        await cache.set('key', 1)
        await cache.close()
        await cache.close()
        expect(await cache.get('key')).to.equal(undefined)
        expect(await cache.set('key', 2)).to.equal(false)
        expect(await cache.getOrSet('key', () => 3)).to.equal(3)
        expect(await cache.delete('key')).to.equal(false)
        expect(await cache.ttl('key')).to.equal(undefined)
        expect(await cache.touch('key', 1)).to.equal(false)
        expect(await cache.getMany(['key'])).to.deep.equal(new Map())
        expect(await cache.setMany([['key', 1]])).to.equal(false)
        expect(await cache.deleteMany(['key'])).to.equal(0)
        expect(await cache.clear()).to.equal(false)
        expect(await cache.ready().catch((error: { code: string }) => error.code)).to.equal(
          'ERR_CACHE_CLOSED',
        )
      })

      it('closes at the end of a block that uses it', async () => {
        expect(typeof cache[Symbol.asyncDispose]).to.equal('function')
        await cache[Symbol.asyncDispose]()
        expect(await cache.set('key', 1)).to.equal(false)
      })
    })
  })
}
