import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { verifyUsers, type UserVerdict } from '../../../lib/acl/verify.js'
import { startRedis, type RunningRedis } from '../../support/redis-server.js'

describe('what users may really do @once', () => {
  let server: RunningRedis

  before(async () => {
    server = await startRedis({ transport: 'unix', access: 'none' })
    const client = server.admin()
    await client.call('ACL', 'SETUSER', 'wanted', 'on', '>a password', '~a:*', '+get')
  })
  after(() => server.stop())

  const verdictOn = async (name: string): Promise<UserVerdict | undefined> => {
    const wanted = [
      'user default on nopass ~* &* +@all',
      `user wanted on #${'0'.repeat(64)} ~a:* resetchannels -@all +get`,
    ]
    const verdicts = await verifyUsers({ client: server.admin(), wanted })
    return verdicts.find((verdict) => verdict.name === name)
  }

  it('is wrong for a user beside them that is on and asks for no password, or may send everything', async () => {
    const client = server.admin()
    await client.call('ACL', 'SETUSER', 'open', 'on', 'nopass', '-@all', '+get')
    await client.call('ACL', 'SETUSER', 'mighty', 'on', '>a password', '(~x +@all)')
    expect(await verdictOn('open')).to.deep.include({
      state: 'wrong',
      changes: ['was not generated', 'asks for no password'],
    })
    expect(await verdictOn('mighty')).to.deep.include({
      state: 'wrong',
      changes: ['was not generated', 'may send every command'],
    })
  })

  it('names a harmless one beside them, and one that is off', async () => {
    const client = server.admin()
    await client.call('ACL', 'SETUSER', 'theirs', 'on', '>a password', '~x', '-@all', '+get')
    await client.call('ACL', 'SETUSER', 'sleeping', 'off', 'nopass', '+@all')
    expect(await verdictOn('theirs')).to.deep.include({ state: 'extra', changes: ['was not generated'] })
    expect(await verdictOn('sleeping')).to.have.property('state', 'extra')
  })

  it('is wrong for a wanted one with another password, and gone for one that is not there', async () => {
    expect(await verdictOn('wanted')).to.have.property('state', 'wrong')
    await server.admin().call('ACL', 'DELUSER', 'wanted')
    expect(await verdictOn('wanted')).to.have.property('state', 'gone')
  })
})
