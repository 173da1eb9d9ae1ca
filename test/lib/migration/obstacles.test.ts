import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'mocha'
import type { Redis } from 'ioredis'
import { Secret } from '../../../lib/settings/secret.js'
import { startOpenRedis, type OpenRedis } from '../../support/open-redis.js'
import { freePort } from '../../support/redis-process.js'
import { refused } from '../../support/refused.js'

describe('what stands in the way of a migration @once', () => {
  let open: OpenRedis
  let inside: Redis

  before(async () => {
    open = await startOpenRedis({ config: { databases: '8' } })
    inside = open.insider()
  })
  afterEach(async () => {
    await inside.flushall()
    await inside.call('CONFIG', 'SET', 'maxmemory', '0')
  })
  after(() => open.stop())

  it('is a database beside the first that holds keys, unless it is said to be left alone', async () => {
    await inside.select(3)
    await inside.set('app::k', '1')
    await inside.select(0)
    const { obstacles } = await open.migration().plan()
    expect(obstacles).to.have.length(1)
    expect(obstacles[0]).to.match(/\(database 3: 1 keys\).*--leave-databases/)
    expect((await refused(open.migration().run())).code).to.equal('ERR_MIGRATION_REFUSED')
    const left = await open.migration({ leavesDatabases: true }).plan()
    expect(left.obstacles).to.deep.equal([])
    expect(left.remarks.join()).to.match(/database 3: 1 keys.*stays as it is, plain/)
  })

  it('is a client in a database beside the first, although that is empty', async () => {
    const client = open.client()
    await client.select(5)
    expect((await open.migration().plan()).obstacles.join()).to.include('database 5: 0 keys, clients')
    client.disconnect()
  })

  it('is a user that asks for no password; the others are named, with what they may do', async () => {
    await inside.call('ACL', 'SETUSER', 'b\u{1b}[2Jd', 'on', 'nopass', '~*', '&*', '+@all')
    await inside.call('ACL', 'SETUSER', 'quiet', 'off', 'nopass', '~*', '+get')
    const { obstacles, remarks } = await open.migration().plan()
    expect(obstacles.join()).to.match(/users that ask for no password: b\\u\{1b\}\[2Jd;/)
    expect(remarks.join()).to.match(
      /stay as they are: (?:b\S+ \(may do everything\)|insider \(may do everything\)|quiet \(off\)|, )+;/,
    )
    await inside.call('ACL', 'DELUSER', 'b\u{1b}[2Jd', 'quiet')
    expect((await open.migration().plan()).obstacles).to.deep.equal([])
  })

  it('is a value that leaves no room for itself in a reply, where nothing may be evicted', async () => {
    await inside.set('app::large', randomBytes(900_000))
    const [, used] = /used_memory:(\d+)/.exec(await inside.info('memory')) ?? []
    await inside.call('CONFIG', 'SET', 'maxmemory', String(Number(used) + 1_500_000))
    expect((await open.migration().plan()).obstacles.join()).to.match(/the backup and sealed values need/)
    await inside.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    const { obstacles, remarks } = await open.migration().plan()
    expect(obstacles).to.deep.equal([])
    expect(remarks.join()).to.include('Redis will evict some keys; raise it first')
    await inside.call('CONFIG', 'SET', 'maxmemory', String(Number(used) + 40_000_000))
    expect((await open.migration().plan()).remarks.join()).to.not.include('evict')
    await inside.call('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
  })

  it('is TLS that is served in another way already, for its clients would be cut off', async () => {
    const { folder } = open.server
    const files = ['cert-file', 'server.crt', 'key-file', 'server.key', 'ca-cert-file', 'ca.crt']
    const words = files.map((word, index) => (index % 2 === 0 ? `tls-${word}` : join(folder, word)))
    const port = String(await freePort())
    await inside.call('CONFIG', 'SET', ...words, 'tls-port', port)
    const { obstacles } = await open.migration().plan()
    expect(obstacles.join())
      .to.include(`serves TLS already, on port ${port}, in another way`)
      .and.to.match(/\(tls-[^)]*tls-port\)/)
    const same = ['tls-protocols', 'TLSv1.3', 'tls-auth-clients', 'yes']
    const suites = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256'
    const rest = ['tls-ciphersuites', suites, 'tls-prefer-server-ciphers', 'yes']
    await inside.call('CONFIG', 'SET', ...same, ...rest, 'tls-port', String(open.tlsPort))
    expect((await open.migration().plan()).obstacles, 'as the step would').to.deep.equal([])
    await inside.call('CONFIG', 'SET', 'tls-port', '0')
    expect((await open.migration().plan()).obstacles).to.deep.equal([])
  })

  it('is a password of today that is not that of the admin, until it is given', async () => {
    await inside.call('CONFIG', 'SET', 'requirepass', 'short')
    const wrong = await refused(open.migration().plan())
    expect(wrong.code).to.equal('ERR_REDIS_WRONGPASS')
    expect(wrong.message).to.include('--current-password-file').and.to.not.include('short')
    const given = open.migration({ currentPassword: new Secret('short') })
    expect((await given.plan()).obstacles).to.deep.equal([])
    await given.run({ through: 'authentication' })
    // The journal knows it from now on.
    await open.migration().rollback({ downTo: 'preparation' })
    expect(await inside.call('CONFIG', 'GET', 'requirepass')).to.deep.equal(['requirepass', 'short'])
    await inside.call('CONFIG', 'SET', 'requirepass', '')
  })
})
