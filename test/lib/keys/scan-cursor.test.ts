import { expect } from 'chai'
import { describe, it } from 'mocha'
import { scanFraction } from '../../../lib/keys/scan-cursor.js'

describe('how far a SCAN cursor has come', () => {
  it('follows the order in which SCAN counts, for a table of eight', () => {
    const order = ['0', '4', '2', '6', '1', '5', '3', '7']
    expect(order.map((cursor) => scanFraction(cursor) * 8)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7])
  })

  it('stays between nothing and all, also for what is no cursor', () => {
    expect(scanFraction(String(2n ** 64n - 1n))).to.equal(1)
    expect(scanFraction('18446744073709551616')).to.equal(0)
    for (const text of ['', 'x', '-1', '1e9', '9'.repeat(300)]) expect(scanFraction(text)).to.equal(0)
  })
})
