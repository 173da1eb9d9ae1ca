import { expect } from 'chai'
import { describe, it } from 'mocha'
import { readThroughLoss } from '../support/lossy-reads.js'

describe('a way that loses one request in a hundred', () => {
  it('never makes a caller get a wrong value, over 200 000 reads', async function () {
    this.timeout(180_000)
    const { answered, wrong, dropped, connections } = await readThroughLoss(200_000)
    expect(wrong).to.deep.equal([])
    expect(answered).to.be.at.least(200_000)
    expect(dropped).to.be.greaterThan(20)
    expect(connections).to.be.greaterThan(1)
  })

  it('does make them get wrong ones without sealing, which shows what the first test rests on', async function () {
    this.timeout(60_000)
    const unsealed = { CACHE_UNSAFE_NO_ENCRYPTION: 'true', REDIS_ENCRYPTION_KEY: '' }
    const { wrong } = await readThroughLoss(20_000, unsealed)
    expect(wrong).not.to.deep.equal([])
  })
})
