import { expect } from 'chai'
import { describe, it } from 'mocha'
import { bootPasswords, bootPrefixes } from '../support/hostile-boots.js'

/** A sample; the soak boots two hundred of each. */
const BOOTS = 60

describe('servers booted from hostile settings @once', function () {
  this.timeout(300_000)

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
