import { expect } from 'chai'
import { describe, it } from 'mocha'
import { bootPasswords, bootPrefixes } from '../support/hostile-boots.js'

/** Of each, as the suite does with a sample. */
const BOOTS = 200

describe('servers booted from hostile settings, two hundred of each', function () {
  this.timeout(0)

  it('let in exactly the password that was given, or it was refused by name', async () => {
    const { boots, wrong } = await bootPasswords(BOOTS)
    expect(wrong).to.deep.equal([])
    expect(boots).to.equal(BOOTS)
  })

  it('give the application exactly the keys of its prefix, or it was refused by name', async () => {
    const { boots, refused, wrong } = await bootPrefixes(BOOTS)
    expect(wrong).to.deep.equal([])
    expect(boots).to.equal(BOOTS)
    expect(refused).to.be.greaterThan(0)
  })
})
