import { expect } from 'chai'
import { describe, it } from 'mocha'
import { CacheError, type CacheErrorCode } from '../../../lib/errors.js'
import { GuardedStore } from '../../support/guarded-store.js'
import { testCache, type TestCache } from '../../support/test-cache.js'

/** A cache on a store of which every operation fails. */
function failing(error: unknown, onFailure: 'degrade' | 'throw' = 'degrade'): TestCache {
  return testCache({
    backend: 'memory',
    onFailure,
    wrap: (store) =>
      new GuardedStore(store, () => {
        throw error
      }),
  })
}

const OPERATIONS: readonly (readonly [string, (subject: TestCache) => Promise<unknown>, unknown])[] = [
  ['get', ({ cache }) => cache.get('key'), undefined],
  ['has', ({ cache }) => cache.has('key'), false],
  ['set', ({ cache }) => cache.set('key', 1), false],
  ['delete', ({ cache }) => cache.delete('key'), false],
  ['ttl', ({ cache }) => cache.ttl('key'), undefined],
  ['touch', ({ cache }) => cache.touch('key', 1), false],
  ['get_many', ({ cache }) => cache.getMany(['key']), new Map()],
  ['set_many', ({ cache }) => cache.setMany([['key', 1]]), false],
  ['delete_many', ({ cache }) => cache.deleteMany(['key']), 0],
  ['clear', ({ cache }) => cache.clear(), false],
  ['get_or_set', ({ cache }) => cache.getOrSet('key', () => 'loaded'), 'loaded'],
]

async function caught(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'no error',
    (error: unknown) => error,
  )
}

describe('outcomes', () => {
  for (const [op, run, degraded] of OPERATIONS) {
    it(`of ${op}: degraded and counted, or thrown`, async () => {
      for (const [code, result] of [
        ['ERR_CACHE_TIMEOUT', 'timeout'],
        ['ERR_REDIS_REFUSED', 'error'],
      ] as const) {
        const error = new CacheError(code, 'away')
        const subject = failing(error)
        expect(await run(subject)).to.deep.equal(degraded)
        expect(subject.internals.measurements.snapshot().operations).to.deep.include({ op, result, count: 1 })
        await subject.cache.close()
        const strict = failing(error, 'throw')
        expect(await caught(run(strict))).to.equal(error)
        await strict.cache.close()
      }
    })
  }

  it('of writes that could not even begin cost no sealing, and wrong values are told all the same', async () => {
    let guarded: GuardedStore | undefined
    const { cache, internals } = testCache({
      backend: 'memory',
      wrap: (store) => (guarded = new GuardedStore(store, () => undefined)),
    })
    const sealed = (): number => internals.measurements.snapshot().crypto.values.seal
    expect(await cache.setMany([['before', 1]])).to.equal(true)
    const before = sealed()
    if (guarded !== undefined) guarded.refused = new CacheError('ERR_CACHE_UNAVAILABLE', 'away')
    expect(await cache.set('key', 1)).to.equal(false)
    expect(await cache.setMany(new Map([['key', 1]]))).to.equal(false)
    expect(await cache.getOrSet('loaded', () => 'value')).to.equal('value')
    expect(sealed()).to.equal(before)
    expect(await caught(cache.setMany([['key', 1n as never]]))).to.have.property('code', 'ERR_CACHE_VALUE')
    await cache.close()
  })

  it('hide what a foreign error says, which may be a value', async () => {
    const foreign = new TypeError('cannot read properties of secret-value')
    for (const [, run, degraded] of OPERATIONS) {
      const subject = failing(foreign)
      expect(await run(subject)).to.deep.equal(degraded)
      const strict = failing(foreign, 'throw')
      const error = await caught(run(strict))
      expect(error).to.have.property('code', 'ERR_CACHE_UNAVAILABLE')
      expect(`${String(error)} ${JSON.stringify(error)}`).not.to.include('secret-value')
      expect(error).not.to.have.property('cause')
      await subject.cache.close()
      await strict.cache.close()
    }
  })

  it('throw what the caller did wrong, also where failures degrade', async () => {
    const codes: readonly CacheErrorCode[] = ['ERR_CACHE_MISUSE', 'ERR_CACHE_TOO_LARGE']
    for (const code of codes) {
      const error = new CacheError(code, 'wrong')
      const subject = failing(error)
      expect(await caught(subject.cache.clear())).to.equal(error)
      await subject.cache.close()
    }
  })

  it('tell a value that could not be sealed', async () => {
    const subject = failing(new CacheError('ERR_CACHE_SEAL', 'the clock is wrong'))
    expect(await subject.cache.set('key', 1)).to.equal(false)
    expect(subject.events).to.have.length(1)
    expect(subject.events[0]).to.include({
      type: 'encrypt.failure',
      errorCode: 'ERR_CACHE_SEAL',
      operation: 'set',
    })
    expect(subject.internals.measurements.snapshot().sealFailures).to.equal(1)
    await subject.cache.close()
  })
})
