import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'mocha'
import type { Redis } from 'ioredis'
import { backUp, restoreBackup } from '../../../lib/migration/backup.js'
import { identityFile, newIdentity, readIdentity } from '../../../lib/migration/backup-file.js'
import type { Secret } from '../../../lib/settings/secret.js'
import { startRedis, type RunningRedis } from '../../support/redis-server.js'
import { refused } from '../../support/refused.js'

const BINARY_KEY = Buffer.from([0x66, 0x00, 0xff, 0x0a, 0x20])
/** Does not get smaller in a DUMP, and takes more than one chunk of age. */
const LARGE = randomBytes(150_000)
const LATER = 2_000_000_000_000

describe('a backup', () => {
  let server: RunningRedis
  let client: Redis
  let folder: string
  let path: string
  let identity: Secret
  let recipient: string

  before(async () => {
    server = await startRedis({
      transport: 'unix',
      access: 'none',
      config: { databases: '4', maxmemory: '0' },
    })
    client = server.admin()
    folder = await mkdtemp(join(tmpdir(), 'backup-'))
    path = join(folder, 'backup.age')
    ;({ identity, recipient } = await newIdentity())
  })
  after(async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  })
  beforeEach(async () => {
    await client.flushall()
    await client.set('text', 'a value that nobody may read in the file')
    await client.call('SET', BINARY_KEY, Buffer.from([0, 1, 2, 255]))
    await client.call('SET', 'ends', 'x', 'PXAT', String(LATER))
    await client.hset('hash', 'a', '1', 'b', '2')
    await client.rpush('list', 'x', 'y', 'z')
    await client.xadd('stream', '1-1', 'field', 'value')
    await client.sadd('set', 'one')
    await client.zadd('zset', 1.5, 'member')
    await client.set('large', LARGE)
    await client.select(3)
    await client.set('elsewhere', '3')
    await client.select(0)
  })

  it('brings back every key of every type and database, with its time to live', async () => {
    const start = await contents()
    const { keys, byType, bytes } = await make()
    expect(keys).to.equal(10)
    expect(byType).to.deep.equal({ string: 5, hash: 1, list: 1, stream: 1, set: 1, zset: 1 })
    expect((await stat(path)).size).to.equal(bytes)
    expect((await stat(path)).mode & 0o777).to.equal(0o600)
    await client.flushall()
    expect(await restoreBackup({ client: server.admin(), path, identity })).to.deep.equal({
      restored: 10,
      present: 0,
      expired: 0,
    })
    expect(await contents()).to.deep.equal(start)
    expect(await client.pexpiretime('ends')).to.equal(LATER)
    expect(await client.ttl('text')).to.equal(-1)
  })

  it('asks for what is left where the server does not say when a key ends', async () => {
    await make({ version: { product: 'redis', major: 6, minor: 2 } })
    await client.flushall()
    await restoreBackup({ client: server.admin(), path, identity })
    // Off by what passes between two commands of one transaction on a busy machine.
    expect(await client.pexpiretime('ends')).to.be.closeTo(LATER, 1000)
    expect(await client.ttl('text')).to.equal(-1)
  })

  it('is an age file in which nothing can be read', async () => {
    await make()
    const text = await readFile(path, 'latin1')
    expect(text.startsWith('age-encryption.org/v1\n')).to.equal(true)
    expect(text).not.to.match(/nobody may read|text|stream/)
    expect(await readdir(folder)).to.deep.equal(['backup.age'])
  })

  it('restores nothing where one byte of it is another one, wherever that is', async () => {
    await make()
    const bytes = await readFile(path)
    await client.flushall()
    const places = [0, 30, 200, 400, 70_000, Math.floor(bytes.length / 2), bytes.length - 1]
    for (const place of places) {
      const wrong = Buffer.from(bytes)
      wrong[place] = (wrong[place] ?? 0) ^ 1
      await writeFile(path, wrong)
      const { code } = await refused(restoreBackup({ client: server.admin(), path, identity }))
      expect(code, String(place)).to.match(/^ERR_BACKUP_/)
      expect(await client.dbsize()).to.equal(0)
    }
  })

  it('restores nothing where its end is missing, or something was added', async () => {
    await make()
    const bytes = await readFile(path)
    await client.flushall()
    for (const wrong of [
      bytes.subarray(0, bytes.length - 100),
      bytes.subarray(0, 66_000),
      Buffer.concat([bytes, Buffer.from('more')]),
      Buffer.from('age-encryption.org/v1\n'),
      Buffer.alloc(0),
    ]) {
      await writeFile(path, wrong)
      const { code } = await refused(restoreBackup({ client: server.admin(), path, identity }))
      expect(code).to.equal('ERR_BACKUP_DAMAGED')
      expect(await client.dbsize()).to.equal(0)
    }
  })

  it('leaves keys that are there as they are, unless it is told to replace them', async () => {
    await make()
    await client.set('text', 'newer')
    const kept = await restoreBackup({ client: server.admin(), path, identity })
    expect(kept).to.include({ restored: 0, present: 10 })
    expect(await client.get('text')).to.equal('newer')
    await restoreBackup({ client: server.admin(), path, identity, replace: true })
    expect(await client.get('text')).to.match(/nobody may read/)
  })

  it('does not bring back what has expired since', async () => {
    await client.set('short', 'x', 'PX', 60_000)
    await make()
    await client.flushall()
    // The server's clock cannot be moved, but what it says can be asked later: a backup of the past.
    const report = await restoreBackup({ client: aging(server.admin(), 120), path, identity })
    expect(report).to.deep.equal({ restored: 10, present: 0, expired: 1 })
    expect(await client.exists('short')).to.equal(0)
  })

  it('evicts no key of a server that has room for the largest one, and holds nobody up @once', async () => {
    for (let n = 0; n < 8; n += 1) await client.set(`large${n}`, randomBytes(1_000_000))
    const [, used] = /used_memory:(\d+)/.exec(await client.info('memory')) ?? []
    await client.call('CONFIG', 'SET', 'maxmemory', String(Number(used) + 5_000_000))
    await client.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    const bystander = server.admin()
    const over = new AbortController()
    const writing = (async () => {
      while (!over.signal.aborted) await bystander.set('bystander', 'x')
    })()
    try {
      expect((await make()).byType['string']).to.be.at.least(13)
    } finally {
      over.abort()
      await writing
      await client.call('CONFIG', 'SET', 'maxmemory', '0')
    }
    expect(await client.info('stats')).to.match(/^evicted_keys:0\r$/m)
  })

  it('opens for the identity in a file of age-keygen, and says so where it is another one', async () => {
    await make()
    const file = join(folder, 'identity.txt')
    await writeFile(file, identityFile({ identity, recipient }))
    expect((await readIdentity(file)).reveal()).to.equal(identity.reveal())
    const other = await newIdentity()
    const restoring = restoreBackup({ client: server.admin(), path, identity: other.identity })
    expect((await refused(restoring)).code).to.equal('ERR_BACKUP_IDENTITY')
    await writeFile(file, 'no identity at all')
    expect((await refused(readIdentity(file))).code).to.equal('ERR_BACKUP_IDENTITY')
    await rm(file)
  })

  it('restores nothing into a server that lacks one of its databases, and says which @once', async () => {
    await make()
    const small = await startRedis({ transport: 'unix', access: 'none', config: { databases: '1' } })
    try {
      const { code, message } = await refused(restoreBackup({ client: small.admin(), path, identity }))
      expect([code, message.includes('database 3')]).to.deep.equal(['ERR_MIGRATION_REFUSED', true])
      expect(await small.admin().dbsize()).to.equal(0)
    } finally {
      await small.stop()
    }
  })

  it('says what is wrong with its file, where it cannot be written or read', async () => {
    const nowhere = join(folder, 'nowhere', 'backup.age')
    const options = { databases: [0], path: nowhere }
    for (const work of [
      () => make(options),
      () => restoreBackup({ client: server.admin(), path: nowhere, identity }),
      () => make({ ...options, path: '/dev/full/x' }),
    ]) {
      const { code, message } = await refused(work())
      expect(code).to.equal('ERR_MIGRATION_JOURNAL')
      expect(message).to.match(
        /^the file of the backup cannot be used: (?:it is not there|a part of its path)/,
      )
    }
  })

  it('refuses text that is no recipient, and leaves no file behind', async () => {
    await rm(path, { force: true })
    expect((await refused(make({ recipients: ['age1nothing'] }))).code).to.equal('ERR_BACKUP_IDENTITY')
    expect(await readdir(folder)).to.deep.equal([])
  })

  function make(changed: Partial<Parameters<typeof backUp>[0]> = {}) {
    return backUp({
      client: server.admin(),
      version: { product: 'redis', major: 7, minor: 0 },
      databases: [0, 3],
      path,
      recipients: [recipient],
      ...changed,
    })
  }

  async function contents(): Promise<Readonly<Record<string, string>>> {
    const found: Record<string, string> = {}
    for (const database of [0, 3]) {
      await client.select(database)
      for (const key of await client.keysBuffer('*')) {
        const dump = await client.dumpBuffer(key)
        found[`${database}:${key.toString('hex')}`] = dump?.toString('hex') ?? ''
      }
    }
    await client.select(0)
    return found
  }
})

/** The client of a server whose clock is that many seconds further. */
function aging(client: Redis, seconds: number): Redis {
  return new Proxy(client, {
    get(target, name) {
      if (name === 'time') return async () => [Number((await target.time())[0]) + seconds, 0]
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
