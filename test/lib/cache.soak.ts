import { expect } from 'chai'
import { describe, it } from 'mocha'
import { readThroughLoss } from '../support/lossy-reads.js'

describe('a way that loses one request in a hundred, for long', () => {
  it('never makes a caller get a wrong value, over 1 000 000 reads', async () => {
    const { answered, wrong } = await readThroughLoss(1_000_000)
    expect(wrong).to.deep.equal([])
    expect(answered).to.be.at.least(1_000_000)
  })
})
