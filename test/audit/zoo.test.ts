import { expect } from 'chai'
import { describe, it } from 'mocha'
import { LEVEL_OF_SEVERITY } from '../../lib/audit/level.js'
import { findRule } from '../../lib/audit/rules.js'
import { animals, seen, wanted, Workshop } from './workshop.js'

const levelOf = (id: string): string => LEVEL_OF_SEVERITY[findRule(id)?.severity ?? 'critical']

describe('the zoo of bad configurations', () => {
  for (const animal of animals()) {
    it(`has ${animal}, with the findings where its markers stand`, async () => {
      const workshop = await Workshop.create(animal)
      try {
        expect(seen(await workshop.check())).to.deep.equal(wanted(workshop, levelOf))
      } finally {
        await workshop.close()
      }
    })
  }
})
