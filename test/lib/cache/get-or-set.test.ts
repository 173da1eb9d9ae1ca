import { expect } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { CacheError } from '../../../lib/errors.js'
import type { LoadContext, SecureCache } from '../../../lib/interface.js'
import { gate } from '../../support/gate.js'
import { GuardedStore, type Guard } from '../../support/guarded-store.js'
import { testCache, type TestCache, type TestCacheOptions } from '../../support/test-cache.js'
import { until } from '../../support/until.js'

const unavailable = new CacheError('ERR_CACHE_UNAVAILABLE', 'away')

describe('getOrSet', () => {
  let opened: SecureCache | undefined

  function open(options: TestCacheOptions = {}): TestCache {
    const made = testCache({ backend: 'memory', ...options })
    opened = made.cache
    return made
  }

  function guarded(guard: Guard, options: TestCacheOptions = {}): TestCache {
    return open({ ...options, wrap: (store) => new GuardedStore(store, guard) })
  }

  afterEach(async () => {
    await opened?.close()
  })

  it('loads on a miss, keeps what was loaded, and loads no more', async () => {
    const { cache } = open()
    let loads = 0
    const load = (): number => (loads += 1)
    expect(await cache.getOrSet('key', load, { ttl: 60 })).to.equal(1)
    expect(await cache.getOrSet('key', load, { ttl: 60 })).to.equal(1)
    expect(await cache.ttl('key')).to.be.within(59, 60)
    expect(loads).to.equal(1)
  })

  it('gives the JSON round trip on a miss too, so that a Date is a text both times', async () => {
    const { cache } = open()
    class User {
      name = 'Ada'
      born = new Date(0)
      gone = undefined
      hello(): string {
        return 'hello'
      }
    }
    const first = await cache.getOrSet('key', () => new User())
    const second = await cache.getOrSet('key', () => new User())
    expect(first).to.deep.equal({ name: 'Ada', born: '1970-01-01T00:00:00.000Z' })
    expect(second).to.deep.equal(first)
  })

  it('gives bytes as the same kind of bytes on a miss and on a hit', async () => {
    const { cache } = open()
    const first = await cache.getOrSet('key', () => new Uint8Array([1, 2]))
    const second = await cache.getOrSet('key', () => new Uint8Array([3]))
    expect([first, second].map((bytes) => Buffer.isBuffer(bytes))).to.deep.equal([true, true])
    expect([...first, ...second]).to.deep.equal([1, 2, 1, 2])
  })

  it('knows null as a value', async () => {
    const { cache } = open()
    let loads = 0
    const load = (): null => {
      loads += 1
      return null
    }
    expect([await cache.getOrSet('key', load), await cache.getOrSet('key', load)]).to.deep.equal([null, null])
    expect(loads).to.equal(1)
  })

  it('does not wait until the value rests in the store', async () => {
    const write = gate()
    const { cache, internals } = guarded((operation) => (operation === 'set' ? write.promise : undefined))
    expect(await cache.getOrSet('key', () => 1)).to.equal(1)
    expect(await cache.get('key')).to.equal(undefined)
    write.open()
    await until('the value rests', async () => (await cache.get('key')) === 1)
    expect(internals.measurements.snapshot().operations).to.deep.include({
      op: 'set',
      result: 'ok',
      count: 1,
    })
  })

  it('goes on where the write fails, and leaves no rejection behind', async () => {
    const { cache, internals } = guarded((operation) => {
      if (operation === 'set') throw unavailable
    })
    expect(await cache.getOrSet('key', () => 1)).to.equal(1)
    await until('the failure is counted', () =>
      internals.measurements
        .snapshot()
        .operations.some(({ op, result }) => op === 'set' && result === 'error'),
    )
  })

  it('skips the write where the read failed', async () => {
    const asked: string[] = []
    const { cache } = guarded((operation) => {
      asked.push(operation)
      if (operation === 'get') throw unavailable
    })
    expect(await cache.getOrSet('key', () => 1)).to.equal(1)
    expect(asked).to.deep.equal(['get'])
  })

  it('throws the reason instead of loading where the owner wants to know', async () => {
    let loads = 0
    const { cache } = guarded(
      () => {
        throw unavailable
      },
      { onFailure: 'throw' },
    )
    const error: unknown = await cache.getOrSet('key', () => (loads += 1)).catch((reason: unknown) => reason)
    expect(error).to.equal(unavailable)
    expect(loads).to.equal(0)
  })

  it('replaces a value that does not open by what was loaded', async () => {
    const { cache, internals } = open()
    await internals.store.set('ai_cache::key', Buffer.from('planted'), null)
    expect(await cache.getOrSet('key', () => 1)).to.equal(1)
    expect(await cache.get('key')).to.equal(1)
  })

  it('hands on a value that is too large to be kept', async () => {
    const { cache, events } = open({ maxValueBytes: 1024 })
    const large = 'x'.repeat(2000)
    expect(await cache.getOrSet('key', () => large)).to.equal(large)
    expect(await cache.get('key')).to.equal(undefined)
    expect(events.filter(({ type }) => type === 'encrypt.failure')).to.have.length(1)
  })

  describe('for many who ask at the same time', () => {
    it('reads and loads once', async () => {
      let reads = 0
      let loads = 0
      const { cache, internals } = guarded((operation) => {
        if (operation === 'get') reads += 1
      })
      const loaded = gate<string>()
      const load = (): Promise<string> => {
        loads += 1
        return loaded.promise
      }
      const all = Array.from({ length: 100 }, () => cache.getOrSet('key', load))
      loaded.open('value')
      expect(new Set(await Promise.all(all))).to.deep.equal(new Set(['value']))
      expect([reads, loads]).to.deep.equal([1, 1])
      expect(internals.measurements.snapshot().operations).to.deep.include({
        op: 'get_or_set',
        result: 'miss',
        count: 100,
      })
    })

    it('gives each an object of its own, on a miss and on a hit', async () => {
      const { cache } = open()
      for (const round of ['miss', 'hit']) {
        const all = await Promise.all(
          Array.from({ length: 5 }, () => cache.getOrSet('key', async () => ({ list: [1] }))),
        )
        for (const [index, value] of all.entries()) {
          expect(value, round).to.deep.equal({ list: [1] })
          value.list.push(index)
        }
        expect(new Set(all).size).to.equal(5)
      }
    })

    it('gives each bytes of its own, and leaves the loader its own', async () => {
      const { cache } = open()
      const own = new Uint8Array([1, 2, 3])
      for (const round of ['miss', 'hit']) {
        const all = await Promise.all(Array.from({ length: 3 }, () => cache.getOrSet('bytes', () => own)))
        for (const bytes of all) {
          expect([...bytes], round).to.deep.equal([1, 2, 3])
          bytes.fill(9)
        }
      }
      expect([...own]).to.deep.equal([1, 2, 3])
    })

    it('hands the error of the loader to all of them and keeps nothing', async () => {
      const { cache } = open()
      const failure = new Error('database')
      let loads = 0
      const load = async (): Promise<number> => {
        loads += 1
        throw failure
      }
      const outcomes = await Promise.allSettled([1, 2, 3].map(() => cache.getOrSet('key', load)))
      expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason)).to.deep.equal([
        failure,
        failure,
        failure,
      ])
      expect(loads).to.equal(1)
      expect(await cache.getOrSet('key', () => 7)).to.equal(7)
    })

    it('takes a loader that throws at once for one that rejects', async () => {
      const { cache } = open()
      const failure = new Error('at once')
      const error: unknown = await cache
        .getOrSet('key', (): number => {
          throw failure
        })
        .catch((reason: unknown) => reason)
      expect(error).to.equal(failure)
    })

    it('keeps keys and namespaces apart', async () => {
      const { cache } = open()
      const values = await Promise.all([
        cache.getOrSet('a', () => 1),
        cache.getOrSet('b', () => 2),
        cache.namespace('x').getOrSet('a', () => 3),
      ])
      expect(values).to.deep.equal([1, 2, 3])
    })

    it('is right under a storm: one load a key and round, nobody gets another one’s value', async () => {
      const { cache } = open()
      const loads = new Map<string, number>()
      for (let round = 0; round < 20; round += 1) {
        const asked = Array.from({ length: 500 }, (_, index) => `key:${index % 25}`)
        const values = await Promise.all(
          asked.map((key) =>
            cache.getOrSet(key, async (context) => {
              loads.set(context.key, (loads.get(context.key) ?? 0) + 1)
              await new Promise((resolve) => setImmediate(resolve))
              return { key: context.key, round }
            }),
          ),
        )
        for (const [index, value] of values.entries()) {
          expect(value).to.deep.equal({ key: asked[index], round })
        }
        expect(new Set(values).size).to.equal(values.length)
        await cache.clear()
      }
      expect([...loads.values()]).to.deep.equal(Array.from({ length: 25 }, () => 20))
    })
  })

  describe('overtaken while it loads', () => {
    const changes: Readonly<Record<string, (cache: SecureCache) => Promise<unknown>>> = {
      delete: (cache) => cache.delete('key'),
      deleteMany: (cache) => cache.deleteMany(['key']),
      clear: (cache) => cache.clear(),
    }
    for (const [name, change] of Object.entries(changes)) {
      it(`does not bring back what ${name} took away`, async () => {
        const { cache } = open()
        const old = gate<string>()
        const first = cache.getOrSet('key', () => old.promise)
        await change(cache)
        const fresh = cache.getOrSet('key', () => 'fresh')
        expect(await fresh).to.equal('fresh')
        old.open('old')
        expect(await first).to.equal('old')
        expect(await cache.get('key')).to.equal('fresh')
      })
    }

    it('does not overwrite what was set meanwhile', async () => {
      const { cache } = open()
      const old = gate<string>()
      const first = cache.getOrSet('key', () => old.promise)
      await cache.set('key', 'set')
      old.open('old')
      expect(await first).to.equal('old')
      expect(await cache.get('key')).to.equal('set')
      const second = cache.getOrSet('other', () => old.promise)
      await cache.setMany([['other', 'set']])
      await second
      expect(await cache.get('other')).to.equal('set')
    })
  })

  describe('tells the loader', () => {
    it('its key', async () => {
      const { cache } = open()
      expect(await cache.getOrSet('some key', ({ key }) => key)).to.equal('some key')
    })

    it('when the cache closes', async () => {
      const { cache } = open()
      const seen: LoadContext[] = []
      const loads = ['a', 'b'].map((key) =>
        cache.getOrSet(
          key,
          (context) =>
            new Promise<string>((_resolve, reject) => {
              seen.push(context)
              context.signal.addEventListener('abort', () => {
                reject(new Error('aborted'))
              })
            }),
        ),
      )
      const outcomes = Promise.allSettled(loads)
      await until('both are loading', () => seen.length === 2)
      expect(seen.map(({ signal }) => signal.aborted)).to.deep.equal([false, false])
      await cache.close()
      expect((await outcomes).map(({ status }) => status)).to.deep.equal(['rejected', 'rejected'])
    })

    it('and lets more than ten of them listen without a warning', async () => {
      const warnings: Error[] = []
      const heard = (warning: Error): void => void warnings.push(warning)
      process.on('warning', heard)
      const { cache } = open()
      const done = gate<number>()
      const loads = Array.from({ length: 30 }, (_, index) =>
        cache.getOrSet(`key:${index}`, ({ signal }) => {
          signal.addEventListener('abort', () => {})
          return done.promise
        }),
      )
      await new Promise((resolve) => setImmediate(resolve))
      done.open(1)
      await Promise.all(loads)
      process.off('warning', heard)
      expect(warnings).to.deep.equal([])
    })
  })

  describe('lets the loader decide', () => {
    it('how long its value is good', async () => {
      const { cache } = open()
      await cache.getOrSet(
        'key',
        ({ setTtl }) => {
          setTtl('30s')
          return 1
        },
        { ttl: 3600 },
      )
      expect(await cache.ttl('key')).to.be.within(29, 30)
      expect(await cache.touch('key', 3600)).to.equal(true)
      expect(await cache.ttl('key')).to.be.within(28, 30)
    })

    it('that its value is not kept', async () => {
      const { cache } = open()
      const value = await cache.getOrSet('key', ({ doNotStore }) => {
        doNotStore()
        return 'secret'
      })
      expect(value).to.equal('secret')
      expect(await cache.get('key')).to.equal(undefined)
    })

    it('nothing impossible', async () => {
      const { cache } = open()
      const error: unknown = await cache
        .getOrSet('key', (context) => {
          context.setTtl(0)
          return 1
        })
        .catch((reason: unknown) => reason)
      expect(error).to.have.property('code', 'ERR_CACHE_TTL')
      expect(await cache.get('key')).to.equal(undefined)
    })
  })
})
