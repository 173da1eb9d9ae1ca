import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import type { Redis } from 'ioredis'
import { recentDenials } from '../../../lib/migration/denials.js'
import { startRedis, type RunningRedis } from '../../support/redis-server.js'
import { rejection } from '../../support/rejection.js'

describe('what a user was denied @once', () => {
  let server: RunningRedis
  let client: Redis

  before(async () => {
    server = await startRedis({ transport: 'unix', access: 'none' })
    client = server.admin()
    await client.call('ACL', 'SETUSER', 'app', 'on', '>right', '~a:*', 'resetchannels', '-@all', '+get')
  })
  after(() => server.stop())

  const denials = (): Promise<readonly string[]> =>
    recentDenials({ ask: (command = '', ...words) => client.call(command, words) }, 'app', 3600)

  it('does not hold failed logins under its name, which anybody can try', async () => {
    const stranger = server.admin()
    for (const password of ['x', 'y']) await rejection(stranger.call('AUTH', 'app', password))
    expect(String(await client.call('ACL', 'LOG'))).to.include('auth')
    expect(await denials()).to.deep.equal([])
  })

  it('names commands and never keys', async () => {
    const app = server.admin()
    await app.call('AUTH', 'app', 'right')
    await rejection(app.call('FLUSHALL'))
    await rejection(app.call('GET', 'a secret name'))
    expect(await denials()).to.have.members(['the command flushall', 'a key that is not under the prefix'])
  })
})
