import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { MeasuredWindow } from '../../bench/contestant.js'
import type { Cell } from '../../bench/plan.js'
import { Results } from '../../bench/results.js'

const GET: Cell = { operation: 'get', size: 1024, concurrency: 16 }
const SET: Cell = { ...GET, operation: 'set' }

function window(perSecond: number): MeasuredWindow {
  return {
    operations: 10,
    perSecond,
    p50Us: 1,
    p99Us: 2,
    cpuUs: 3,
    waitShare: 0,
    serverCpuUs: 1,
    foreignShare: 0,
  }
}

describe('results of a benchmark', () => {
  it('compares windows of the same round, so that a slow moment counts for both', () => {
    const results = new Results('base')
    for (const [base, ours] of [
      [100, 90],
      [10, 9],
      [1000, 100],
    ] as const) {
      results.add('base', GET, window(base))
      results.add('ours', GET, window(ours))
    }
    expect(results.ratio('ours', GET, 'perSecond').median).to.be.closeTo(0.9, 1e-12)
    expect(results.throughputBeside(['base', 'ours'], GET)).to.be.closeTo(1 / 0.9, 1e-12)
    expect(results.value('base', GET, 'perSecond')).to.equal(100)
    expect(results.measured).to.equal(6)
  })

  it('takes the geometric mean of the cells that both have', () => {
    const results = new Results('base')
    for (const [cell, ours] of [
      [GET, 50],
      [SET, 200],
    ] as const) {
      results.add('base', cell, window(100))
      results.add('ours', cell, window(ours))
    }
    const absent: Cell = { ...GET, concurrency: 256 }
    expect(results.overall('ours', [GET, SET, absent], 'perSecond')).to.be.closeTo(1, 1e-12)
  })

  it('gives memory beside that of the baseline', () => {
    const results = new Results('base')
    results.memory.set('base', { resident: 50 * 2 ** 20, held: 10 * 2 ** 20 })
    results.memory.set('ours', { resident: 57 * 2 ** 20, held: 11 * 2 ** 20 })
    expect([results.memoryAbove('ours'), results.memoryAbove('ours', 'held')]).to.deep.equal([7, 1])
  })
})
