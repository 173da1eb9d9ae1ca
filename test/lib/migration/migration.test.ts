import { expect } from 'chai'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'mocha'
import type { RunEvent } from '../../../lib/migration/runner.js'
import { probePlaintext } from '../../../lib/redis/probe.js'
import { lookAt, startOpenRedis, type OpenRedis, type ServerLook } from '../../support/open-redis.js'

describe('a migration', () => {
  let open: OpenRedis
  let start: ServerLook
  let configFile: string

  before(async () => {
    open = await startOpenRedis()
    const client = open.client()
    await client.set('app::one', '{"a":1}')
    await client.set('app:ns:two', '"two"', 'PX', 1_000_000)
    await client.set('app::text', 'no JSON')
    await client.set('other', '"untouched"')
    await client.hset('app::hash', 'a', '1')
    start = await lookAt(client)
    configFile = await readFile(join(open.server.folder, 'redis.conf'), 'utf8')
    // Whoever stays connected in the old way is waited for.
    client.disconnect()
  })
  after(() => open.stop())

  it('plans without touching anything, naming what each step sets and what only a person can do', async () => {
    const plan = await open.migration().plan()
    expect(plan.obstacles).to.deep.equal([])
    expect(plan.steps.map(({ id }) => id)).to.deep.equal([
      'preparation',
      'authentication',
      'tls',
      'encryption',
      'access-control',
      'monitoring',
    ])
    const [, authentication, tls] = plan.steps
    expect(authentication?.adds).to.deep.equal(['set user admin', 'set user cache_service'])
    expect(authentication?.takesAway).to.include('set user default')
    expect(authentication?.application).to.match(/REDIS_CACHE_PASSWORD/)
    expect(tls?.application).to.include(String(open.tlsPort))
    expect(plan.withNextRestart.join()).to.match(/aclfile/)
    expect(await lookAt(open.insider())).to.deep.equal(start)
  })

  it('takes every step there, and each of them back to exactly what was before it', async () => {
    const events: RunEvent[] = []
    const migration = open.migration({ tell: (event) => events.push(event) })
    const looks: ServerLook[] = []
    for (const { id } of migration.steps) {
      looks.push(await lookAt(open.insider()))
      await migration.run({ through: id })
    }
    expect((await migration.status()).steps.map(({ stage }) => stage)).to.satisfy((stages: string[]) =>
      stages.every((stage) => stage === 'done'),
    )
    const inside = open.insider()
    expect(await inside.getBuffer('app::one')).to.satisfy((value: Buffer) => value[0] === 0xc1)
    expect(await inside.get('app::text')).to.equal('no JSON')
    expect(await inside.get('other')).to.equal('"untouched"')
    expect(await probePlaintext(open.server.host, open.server.port)).to.equal('other')
    for (const look of looks.toReversed()) {
      await migration.rollback()
      expect(await lookAt(open.insider())).to.deep.equal(look)
    }
    const client = open.client()
    expect(await lookAt(client)).to.deep.equal(start)
    expect(await client.get('app::one')).to.equal('{"a":1}')
    expect(await client.pttl('app:ns:two')).to.be.within(900_000, 1_000_000)
    expect((await client.keys('*')).toSorted()).to.deep.equal(
      ['app::hash', 'app::one', 'app::text', 'app:ns:two', 'other'].toSorted(),
    )
    expect(await readFile(join(open.server.folder, 'redis.conf'), 'utf8')).to.equal(configFile)
    expect((await migration.status()).begunAt).to.equal(undefined)
  })
})
