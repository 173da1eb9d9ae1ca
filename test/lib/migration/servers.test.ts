import { expect } from 'chai'
import { describe, it } from 'mocha'
import { join } from 'node:path'
import { readSettings } from '../../../lib/settings/read.js'
import { INSIDER, lookAt, startOpenRedis, type OpenRedis, type ServerLook } from '../../support/open-redis.js'
import { RedisProcess } from '../../support/redis-process.js'
import { startRedis } from '../../support/redis-server.js'
import { refused } from '../../support/refused.js'
import { until } from '../../support/until.js'

/** What teams have that is not one server with its redis.conf. */
describe('a migration of a server that is not like the others @once', () => {
  it('works without a configuration file, says what a restart does to it, and goes back exactly', async () => {
    await withoutFile(async (open) => {
      await open.insider().set('app::k', '1')
      const before = await lookAt(open.insider())
      const { obstacles, remarks, withNextRestart } = await open.migration().plan()
      expect(obstacles).to.deep.equal([])
      expect(remarks.join()).to.match(/without a configuration file.*a restart forgets.*give it a file first/)
      expect(withNextRestart.join()).to.include('nothing keeps the users over a restart')
      const notes: string[] = []
      const migration = open.migration({
        tell: (event) => event.type === 'note' && notes.push(event.text),
      })
      await migration.run({ through: 'monitoring' })
      expect(notes.filter((note) => note.includes('a restart forgets what was set'))).to.have.length(2)
      await migration.rollback({ downTo: 'preparation' })
      expect(await lookAt(open.insider())).to.deep.equal(before)
      expect(await open.insider().get('app::k')).to.equal('1')
    })
  })

  it('takes back over the old way in what a server without one has forgotten after a restart, values too', async () => {
    await withoutFile(async (open, restart) => {
      await open.insider().set('app::k', '"kept"')
      const before = await lookFromOutside(open)
      // Without TLS the new way fails at once: its port is there.
      const { REDIS_TLS_CA, REDIS_TLS_CERT, REDIS_TLS_KEY, ...env } = open.env
      expect([REDIS_TLS_CA, REDIS_TLS_CERT, REDIS_TLS_KEY]).not.to.include(undefined)
      const plain = { REDIS_TLS_ENABLED: 'false', REDIS_UNSAFE_NO_TLS: 'true' }
      const settings = readSettings({ env: { ...env, ...plain } })
      await open.migration({ settings }).run({ through: 'encryption' })
      await restart()
      for (const command of ['plan', 'run'] as const) {
        const { code, message } = await refused(open.migration({ settings })[command]())
        expect(code).to.equal('ERR_MIGRATION_CHANGED')
        expect(message).to.match(/has forgotten what was set.*generated redis.conf.*rollback --all/)
      }
      await open.migration({ settings }).rollback()
      expect(await open.insider().get('app::k')).to.equal('"kept"')
      const { code, message } = await refused(open.migration({ settings }).run())
      expect([code, message.includes('has forgotten what was set')]).to.deep.equal([
        'ERR_MIGRATION_REFUSED',
        true,
      ])
      await open.migration({ settings }).rollback({ downTo: 'preparation' })
      expect(await lookFromOutside(open)).to.deep.equal(before)
      await open.migration({ settings }).run({ through: 'authentication' })
      await open.migration({ settings }).rollback({ downTo: 'preparation' })
      expect(await lookFromOutside(open)).to.deep.equal(before)
    })
  })

  it('is refused while replicas follow, before it begins and later on, and says what to do', async () => {
    const open = await startOpenRedis()
    const replica = await startRedis({
      transport: 'plain',
      access: 'none',
      config: { replicaof: `${open.server.host} ${open.server.port}` },
    })
    try {
      const copy = replica.admin()
      const follows = async (): Promise<boolean> =>
        (await open.insider().info('replication')).includes('connected_slaves:1')
      await until('the replica follows', follows, 30_000)
      const before = await lookAt(open.insider())
      const { obstacles } = await open.migration().plan()
      expect(obstacles.join()).to.match(/^1 replica follows the server.*REPLICAOF NO ONE.*over TLS/)
      const { code, message } = await refused(open.migration().run())
      expect([code, message.includes(obstacles[0] ?? ' ')]).to.deep.equal(['ERR_MIGRATION_REFUSED', true])
      expect(await lookAt(open.insider())).to.deep.equal(before)

      await copy.call('REPLICAOF', 'NO', 'ONE')
      await until('the replica is gone', async () => !(await follows()), 30_000)
      await open.migration().run()
      await copy.call('REPLICAOF', open.server.host, String(open.server.port))
      await until('it follows again', follows, 30_000)
      expect((await refused(open.migration().run())).message).to.include('1 replica follows the server')
      await open.migration().rollback()
      expect(await lookAt(open.insider())).to.deep.equal(before)
    } finally {
      await replica.stop()
      await open.stop()
    }
  })
})

/** Whoever stays connected in the old way is waited for. */
async function lookFromOutside(open: OpenRedis): Promise<ServerLook> {
  const client = open.client()
  const look = await lookAt(client)
  client.disconnect()
  return look
}

/** An open server that knows its directives from its command line alone. */
async function withoutFile(
  work: (open: OpenRedis, restart: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const open = await startOpenRedis()
  const { server, folder } = open
  await server.kill()
  const directives = [
    ['--port', String(server.port)],
    ['--bind', server.host],
    ['--protected-mode', 'no'],
    ['--save', ''],
    // Values outlive a restart, what was set does not.
    ['--appendonly', 'yes'],
    ['--unixsocket', join(folder, 'redis.sock')],
    ['--dir', server.folder],
    ['--user', 'insider', 'on', `>${INSIDER}`, '~*', '&*', '+@all'],
  ]
  const redis = new RedisProcess('redis-server', directives.flat())
  await redis.start()
  try {
    await work(open, async () => {
      await redis.signal('SIGTERM')
      await redis.start()
    })
  } finally {
    await redis.dispose()
    await open.stop()
  }
}
