import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'

import { DAY_MS, HOUR_MS, SlidingCount } from '../../../lib/monitor/sliding-count.js'

const START = Date.parse('2026-01-31T12:00:30Z')
const MINUTE = 60_000

describe('a sliding count', () => {
  it('counts what lies in the window and drops what has left it', () => {
    const count = new SlidingCount()
    count.add(START)
    count.add(START + 10 * MINUTE, 4)

    expect(count.sum(START + 10 * MINUTE, HOUR_MS)).to.equal(5)
    expect(count.sum(START + 62 * MINUTE, HOUR_MS)).to.equal(4)
    expect(count.sum(START + 62 * MINUTE, DAY_MS)).to.equal(5)
    expect(count.sum(START + DAY_MS + 2 * MINUTE, DAY_MS)).to.equal(4)
    expect(count.sum(START + 3 * DAY_MS, DAY_MS)).to.equal(0)
  })

  it('counts a minute as long as any part of it lies in the window', () => {
    const count = new SlidingCount()
    count.add(START)
    expect(count.sum(START + HOUR_MS, HOUR_MS)).to.equal(1)
    expect(count.sum(START + HOUR_MS + 29_000, HOUR_MS)).to.equal(1)
    expect(count.sum(START + HOUR_MS + 30_000, HOUR_MS)).to.equal(0)
  })

  it('keeps the age of what it counted when the clock is set back', () => {
    const count = new SlidingCount()
    count.add(START, 3)
    expect(count.sum(START - 5 * HOUR_MS, HOUR_MS)).to.equal(3)
    expect(count.sum(START - 3 * HOUR_MS, HOUR_MS)).to.equal(0)
  })

  it('gives back its minutes, and takes them again after a restart', () => {
    const before = new SlidingCount()
    before.add(START, 2)
    before.add(START + HOUR_MS, 5)
    const after = new SlidingCount()
    after.restore(START + DAY_MS, before.minutes(START + HOUR_MS))

    expect(after.sum(START + DAY_MS, DAY_MS)).to.equal(7)
    expect(after.sum(START + DAY_MS + HOUR_MS / 2, DAY_MS)).to.equal(5)
  })

  it('agrees with a plain list of times, to the minute', () => {
    const steps = fc.array(fc.record({ wait: fc.nat(3 * HOUR_MS), count: fc.integer({ min: 1, max: 9 }) }), {
      maxLength: 40,
    })
    fc.assert(
      fc.property(steps, fc.constantFrom(HOUR_MS, 5 * HOUR_MS, DAY_MS), (waits, window) => {
        const sliding = new SlidingCount()
        const plain: { at: number; count: number }[] = []
        let now = START
        for (const { wait, count } of waits) {
          now += wait
          sliding.add(now, count)
          plain.push({ at: now, count })
        }
        const oldest = Math.floor((now - window) / MINUTE) * MINUTE
        const expected = plain.filter(({ at }) => at >= oldest).reduce((sum, { count }) => sum + count, 0)
        expect(sliding.sum(now, window)).to.equal(expected)
      }),
    )
  })
})
