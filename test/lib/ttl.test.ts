import { inspect } from 'node:util'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'
import { CacheError } from '../../lib/errors.js'
import type { Ttl } from '../../lib/interface.js'
import { ttlToMs } from '../../lib/ttl.js'

const TEN_YEARS = 10 * 365 * 86_400

const ACCEPTED: readonly (readonly [Ttl, number | null])[] = [
  [600, 600_000],
  [0.5, 500],
  [1.1, 1100],
  [0.0001, 1],
  [TEN_YEARS, TEN_YEARS * 1000],
  ['90s', 90_000],
  ['1.5s', 1500],
  ['15m', 900_000],
  ['2h', 7_200_000],
  ['7d', 604_800_000],
  ['3650d', TEN_YEARS * 1000],
  [null, null],
]

const REFUSED: readonly unknown[] = [
  0,
  -0,
  -1,
  Number.NaN,
  Infinity,
  -Infinity,
  TEN_YEARS + 1,
  '3651d',
  '0s',
  '-5s',
  '+5s',
  '5',
  '',
  's',
  ' 5s',
  '5s ',
  '5 s',
  '5S',
  '1e3s',
  '0x10s',
  'Infinitys',
  '5w',
  '5ms',
  '١s',
  true,
  undefined,
  {},
  [],
  [5],
  5n,
  Symbol('5'),
  new Date(),
  () => 5,
]

describe('ttlToMs', () => {
  for (const [ttl, ms] of ACCEPTED) {
    it(`turns ${JSON.stringify(ttl)} into ${ms} milliseconds`, () => {
      expect(ttlToMs(ttl)).to.equal(ms)
    })
  }

  for (const ttl of REFUSED) {
    it(`refuses ${inspect(ttl)}`, () => {
      expect(() => ttlToMs(ttl as Ttl))
        .to.throw(CacheError)
        .with.property('code', 'ERR_CACHE_TTL')
    })
  }

  it('gives a whole number of milliseconds from 1 up for every number of seconds within the bounds', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, minExcluded: true, max: TEN_YEARS, noNaN: true }), (seconds) => {
        const ms = ttlToMs(seconds)
        return ms !== null && Number.isSafeInteger(ms) && ms >= 1 && Math.abs(ms - seconds * 1000) <= 1
      }),
    )
  })

  it('answers any text with a number or with ERR_CACHE_TTL, and never repeats the text', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4 }), (text) => {
        try {
          return (ttlToMs(text as Ttl) ?? 0) > 0
        } catch (error) {
          return (
            error instanceof CacheError && error.code === 'ERR_CACHE_TTL' && error.message === messageFor(0)
          )
        }
      }),
    )
  })
})

function messageFor(ttl: Ttl): string {
  try {
    ttlToMs(ttl)
  } catch (error) {
    if (error instanceof CacheError) return error.message
  }
  return ''
}
