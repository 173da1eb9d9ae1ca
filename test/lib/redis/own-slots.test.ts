import { expect } from 'chai'
import { describe, it } from 'mocha'
import { readOwnSlots } from '../../../lib/redis/own-slots.js'

const ID = 'a'.repeat(40)
const OTHER = `${'b'.repeat(40)} 10.0.0.2:6379@16379,host-2 master - 0 1700000000000 2 connected 5461-10922`
const own = (rest: string, flags = 'myself,master', epoch = 7): string =>
  [OTHER, `${ID} 10.0.0.1:6379@16379 ${flags} - 0 0 ${epoch} connected ${rest}`, ''].join('\n')

describe('the slots of a node, in its own words', () => {
  it('say who it is, since when, and which slots it has', () => {
    expect(readOwnSlots(own('0-5460 16383'))).to.equal(`${ID} 7 0-5460 16383`)
    expect(readOwnSlots(own('0-5460', 'myself,master', 8))).to.not.equal(readOwnSlots(own('0-5460')))
    expect(readOwnSlots(own('').replace(/connected $/m, 'connected'))).to.equal(`${ID} 7`)
  })

  it('say nothing while a slot leaves or arrives, nor of a node that is a replica by now', () => {
    expect(readOwnSlots(own(`0-5460 [93-<-${ID}]`))).to.equal(undefined)
    expect(readOwnSlots(own(`0-5460 [77->-${ID}]`))).to.equal(undefined)
    expect(readOwnSlots(own('', 'myself,slave'))).to.equal(undefined)
  })

  for (const reply of [null, '', OTHER, 'x myself', ['a']]) {
    it(`are nothing in ${JSON.stringify(reply).slice(0, 20)}`, () => {
      expect(() => readOwnSlots(reply))
        .to.throw(Error)
        .with.property('code', 'ERR_REDIS_PROTOCOL')
    })
  }
})
