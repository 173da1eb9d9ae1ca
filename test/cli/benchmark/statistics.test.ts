import { expect } from 'chai'
import { describe, it } from 'mocha'
import { geometricMean, median, quantile, spread } from '../../../cli/benchmark/statistics.js'

describe('statistics', () => {
  it('takes the middle one, or the mean of the two in the middle', () => {
    expect(median([3, 1, 2])).to.equal(2)
    expect(median([4, 1, 3, 2])).to.equal(2.5)
    expect(median([])).to.be.NaN
  })

  it('finds the number below which a share of them lies', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1)
    expect([0.5, 0.99, 1].map((share) => quantile(hundred, share))).to.deep.equal([50, 99, 100])
    expect(quantile([7], 0.99)).to.equal(7)
    expect(quantile([], 0.5)).to.be.NaN
  })

  it('says how far apart the middle half lies', () => {
    expect(spread([1, 2, 3, 4])).to.equal(1)
    expect(spread([5, 5, 5])).to.equal(0)
  })

  it('lets a half and a double cancel out', () => {
    expect(geometricMean([0.5, 2])).to.be.closeTo(1, 1e-12)
  })
})
