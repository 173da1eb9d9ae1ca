import { expect } from 'chai'
import { describe, it } from 'mocha'
import { interruptedAt } from '../../support/interrupted-run.js'

/** A run through every step tells more than that. */
const FEWEST_EVENTS = 45

describe('a migration that is interrupted at every moment of its way', () => {
  it('can be taken back to the start from each of them', async () => {
    let moment = 0
    for (;;) {
      const differences = await interruptedAt(moment + 1)
      if (differences === undefined) break
      moment += 1
      expect(differences, `event ${moment}`).to.deep.equal([])
    }
    expect(moment).to.be.at.least(FEWEST_EVENTS)
  })
})
