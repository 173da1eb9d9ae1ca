import { expect } from 'chai'
import { describe, it } from 'mocha'
import { fromRedis } from '../../../lib/redis/redis-errors.js'
import { readRedirection, Redirection } from '../../../lib/redis/redirection.js'

describe('a redirection', () => {
  it('is read from MOVED and ASK, with names, addresses and none', () => {
    expect(readRedirection('MOVED 3999 127.0.0.1:6381')).to.deep.equal({
      kind: 'moved',
      slot: 3999,
      host: '127.0.0.1',
      port: '6381',
    })
    expect(readRedirection('ASK 1 ::1:6381')).to.deep.include({ kind: 'ask', host: '::1', port: '6381' })
    expect(readRedirection('MOVED 1 :6381')).to.deep.include({ host: '', port: '6381' })
  })

  for (const text of ['MOVED', 'MOVED 1 host', 'MOVED x host:1', 'ASK 1 a b:1', 'ERR MOVED 1 a:1']) {
    it(`is not ${JSON.stringify(text)}`, () => {
      expect(readRedirection(text)).to.equal(undefined)
    })
  }

  it('stays an error of ours, without the address, for whoever does not follow', () => {
    const error = fromRedis(new Error('MOVED 3999 10.1.2.3:6381'), 'get')
    expect(error).to.be.instanceOf(Redirection)
    expect(error.code).to.equal('ERR_REDIS_REPLY')
    expect(error.message).to.match(/^MOVED /)
    expect(error.message).not.to.include('10.1.2.3')
  })
})
