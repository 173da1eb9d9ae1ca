import { expect } from 'chai'
import { describe, it } from 'mocha'
import { EVENTS_OF_A_RUN, interruptedAt } from '../../support/interrupted-run.js'

describe('a migration that is interrupted at every moment of its way', () => {
  it('can be taken back to the start from each of them', async () => {
    for (let moment = 1; moment <= EVENTS_OF_A_RUN; moment += 1) {
      expect(await interruptedAt(moment), `event ${moment}`).to.deep.equal([])
    }
  })
})
