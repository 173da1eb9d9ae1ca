import { expect } from 'chai'
import { describe, it } from 'mocha'
import { runWindow } from '../../../cli/benchmark/window.js'
import { rejection } from '../../support/rejection.js'

describe('a window of load', () => {
  it('keeps as many callers busy as it is asked to, each with operations of its own', async () => {
    const seen = new Set<number>()
    let busy = 0
    let most = 0
    const window = await runWindow(
      async (index) => {
        expect(seen.has(index), 'twice').to.equal(false)
        seen.add(index)
        busy += 1
        most = Math.max(most, busy)
        await new Promise(setImmediate)
        busy -= 1
      },
      { concurrency: 4, ms: 20 },
    )
    expect(most).to.equal(4)
    expect(window.operations).to.equal(seen.size)
    expect(window.perSecond).to.be.greaterThan(0)
    expect(window.p99Us).to.be.at.least(window.p50Us)
    expect(window.waitShare).to.be.at.least(0)
  })

  it('fails with the operation', async () => {
    const failing = runWindow(() => Promise.reject(new RangeError('gone')), { concurrency: 2, ms: 20 })
    expect(await rejection(failing)).to.be.instanceOf(RangeError)
  })
})
