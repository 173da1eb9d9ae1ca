import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { Redis } from 'ioredis'
import { after, afterEach, before, describe, it } from 'mocha'
import { applyUsers, directive, persistUsers, readLiveUsers } from '../../../lib/acl/apply.js'
import { compareUsers } from '../../../lib/acl/difference.js'
import { isCacheError } from '../../../lib/errors.js'
import { startRedis, type RunningRedis } from '../../support/redis-server.js'
import { rejection } from '../../support/rejection.js'

const HASH = 'c'.repeat(64)

describe('applying users to a live server', () => {
  let withFile: RunningRedis
  let open: RunningRedis
  const clients: Redis[] = []

  before(async () => {
    ;[withFile, open] = await Promise.all([startRedis(), startRedis({ transport: 'plain', access: 'none' })])
  })
  afterEach(() => {
    for (const client of clients.splice(0)) client.disconnect()
  })
  after(async () => {
    await Promise.all([withFile.stop(), open.stop()])
  })

  const plain = async (login: { username?: string; password?: string } = {}): Promise<Redis> => {
    const client = new Redis({
      host: open.host,
      port: open.port,
      ...login,
      lazyConnect: true,
      replyMapping: 'legacy',
      retryStrategy: () => null,
      disableClientInfo: true,
      enableReadyCheck: false,
    })
    client.on('error', () => undefined)
    clients.push(client)
    await client.connect()
    return client
  }

  it('changes what differs, keeps every session and goes back to the exact state before', async () => {
    const client = open.admin()
    const earlier = await readLiveUsers(client)
    const session = await plain()
    const wanted = [
      'user default off resetpass resetkeys resetchannels clearselectors -@all',
      'user admin on >a-password-of-the-test ~* &* +@all',
      `user reader on #${HASH} %R~p:* resetchannels -@all +get (~q:* -@all +set)`,
    ]
    await applyUsers({ client, wanted, prune: true, persist: 'left' })
    expect(compareUsers(await readLiveUsers(await plainAdmin()), wanted).users).to.deep.equal([])
    // Logged in before, as a user that may do nothing now.
    expect((await rejection(session.ping())).message).to.include('NOPERM')
    const admin = await plainAdmin()
    const back = await applyUsers({
      client: admin,
      wanted: [...earlier, wanted[1] ?? ''],
      prune: true,
      persist: 'left',
    })
    expect(back.difference.users.map(({ name, kind }) => [name, kind])).to.deep.equal([
      ['default', 'different'],
      ['reader', 'extra'],
    ])
    const anyone = await plain()
    await applyUsers({ client: anyone, wanted: earlier, prune: true, persist: 'left' })
    expect(await readLiveUsers(anyone)).to.deep.equal(earlier)
    expect(await session.ping()).to.equal('PONG')
  })

  const plainAdmin = (): Promise<Redis> => plain({ username: 'admin', password: 'a-password-of-the-test' })

  it('sends nothing for users that are as they should be', async () => {
    const client = withFile.admin()
    const wanted = (await readFile(join(withFile.folder, 'users.acl'), 'utf8')).split('\n')
    await client.config('RESETSTAT')
    const report = await applyUsers({ client, wanted, prune: true, persist: 'left' })
    expect(report.difference.users).to.deep.equal([])
    expect(await client.info('commandstats')).to.not.include('setuser')
  })

  it('leaves users that are not wanted, and names them, unless it is told to delete', async () => {
    const client = withFile.admin()
    const wanted = await readLiveUsers(client)
    await client.call('ACL', 'SETUSER', 'extra', 'on', 'nopass')
    const { kept } = await applyUsers({ client, wanted, prune: false, persist: 'left' })
    expect(kept).to.deep.equal(['extra'])
    expect(await client.call('ACL', 'USERS')).to.include('extra')
    await applyUsers({ client, wanted, prune: true, persist: 'left' })
    expect(await client.call('ACL', 'USERS')).to.not.include('extra')
  })

  it('refuses to delete the user that it is logged in as, before anything is changed', async () => {
    const client = withFile.admin()
    const earlier = await readLiveUsers(client)
    const wanted = earlier.filter((line) => !line.startsWith('user admin '))
    const error = await rejection(
      applyUsers({ client, wanted: [...wanted, 'user new on'], prune: true, persist: 'left' }),
    )
    expect(error.message).to.include('user admin')
    expect(await readLiveUsers(client)).to.deep.equal(earlier)
  })

  it('persists into the aclfile where there is one', async () => {
    const client = withFile.admin()
    await client.call('ACL', 'SETUSER', 'kept', 'on', `#${HASH}`)
    expect(await persistUsers(client)).to.deep.equal({ how: 'aclfile' })
    expect(await readFile(await directive(client, 'aclfile'), 'utf8')).to.include('user kept on')
    await client.call('ACL', 'DELUSER', 'kept')
    await persistUsers(client)
  })

  it('persists as lines of the configuration where there is no aclfile', async () => {
    const client = open.admin()
    await client.call('ACL', 'SETUSER', 'kept', 'on', `#${HASH}`)
    expect(await persistUsers(client)).to.deep.equal({ how: 'config' })
    expect(await readFile(join(open.folder, 'redis.conf'), 'utf8')).to.include('user kept on')
    await client.call('ACL', 'DELUSER', 'kept')
    await persistUsers(client)
  })

  it('says why where the users cannot be persisted, and what Redis refuses', async () => {
    await withFile
      .admin()
      .call('ACL', 'SETUSER', 'lister', 'on', '>planted-password', '+acl|list', '+acl|whoami')
    const { tls, host, port } = withFile.settings
    const lister = new Redis({
      host,
      port,
      username: 'lister',
      password: 'planted-password',
      tls: { ca: tls?.ca ?? '', cert: tls?.cert ?? '', key: tls?.key?.reveal() ?? '' },
      replyMapping: 'legacy',
      disableClientInfo: true,
      enableReadyCheck: false,
    })
    clients.push(lister)
    const persisted = await persistUsers(lister)
    expect(persisted.how === 'failed' && isCacheError(persisted.error)).to.equal(true)
    const error = await rejection(
      applyUsers({
        client: lister,
        wanted: ['user x on >planted-password'],
        prune: false,
        persist: 'server',
      }),
    )
    expect(error.message).to.not.include('planted')
    expect(isCacheError(error)).to.equal(true)
    await withFile.admin().call('ACL', 'DELUSER', 'lister')
  })
})
