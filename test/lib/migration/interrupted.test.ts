import { expect } from 'chai'
import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { describe, it } from 'mocha'
import { interruptedAt } from '../../support/interrupted-run.js'
import { lookAt, startOpenRedis, type OpenRedis } from '../../support/open-redis.js'
import { rejection } from '../../support/rejection.js'
import { refused } from '../../support/refused.js'
import { until } from '../../support/until.js'

describe('a migration that is interrupted @once', () => {
  it('can be taken back to the start at once, whatever it was doing', async () => {
    const moments = [1, 5, 9, 14, 24, 28, 36, 44]
    const differences = await Promise.all(moments.map(interruptedAt))
    expect(differences).to.deep.equal(moments.map(() => []))
  })

  it('waits for clients of the old way, ends when the time is over, and goes on from there', async () => {
    await withOpen({}, async (open) => {
      const old = open.client()
      await old.ping()
      const short = open.migration({ waiting: { waitMs: 50, settleMs: 20, pollMs: 10 } })
      await short.run()
      const { code, message } = await refused(short.run())
      expect(code).to.equal('ERR_MIGRATION_WAITING')
      expect(message).to.match(/^1 clients of the default user are still there/)
      // Both ways work while it waits.
      expect(await old.ping()).to.equal('PONG')
      old.disconnect()
      await open.migration().run()
      expect(await stages(open)).to.deep.equal(['done', 'done', 'to do', 'to do', 'to do', 'to do'])
    })
  })

  it('stops where it was told to, keeps no lock, and goes on from there to the same end', async () => {
    await withOpen({}, async (open) => {
      const insider = open.insider()
      await insider.set('app::k', '1')
      const before = await lookAt(insider)
      // Of each run, counted from where the last one stopped: in the backup, in a step, while it waits.
      for (const moment of [2, 6, 4, 9, 3]) {
        const stop = new AbortController()
        let events = 0
        const migration = open.migration({
          waiting: {
            waitMs: 30_000,
            settleMs: 20,
            pollMs: 10,
            confirm: async () => true,
            signal: stop.signal,
          },
          tell() {
            events += 1
            if (events === moment) stop.abort()
          },
        })
        const { code, message } = await refused(migration.run({ through: 'monitoring' }))
        expect([code, message]).to.deep.equal([
          'ERR_MIGRATION_WAITING',
          'stopped; the same command goes on from here',
        ])
        expect(await insider.exists('app:@lock:migration')).to.equal(0)
      }
      await open.migration().run({ through: 'monitoring' })
      expect(new Set(await stages(open))).to.deep.equal(new Set(['done']))
      expect((await insider.getBuffer('app::k'))?.[0]).to.equal(0xc1)
      await open.migration().rollback({ downTo: 'preparation' })
      expect(await lookAt(open.insider())).to.deep.equal(before)
    })
  })

  it('does not touch values before somebody says that every instance reads both forms', async () => {
    await withOpen({}, async (open) => {
      const insider = open.insider()
      await insider.set('app::k', '1')
      await open.migration().run({ through: 'tls' })
      const unasked = open.migration({ waiting: { waitMs: 50, settleMs: 20, pollMs: 10 } })
      const { code, message } = await refused(unasked.run())
      expect(code).to.equal('ERR_MIGRATION_WAITING')
      expect(message).to.include('--confirm encryption')
      expect(await insider.get('app::k')).to.equal('1')
    })
  })

  it('refuses a second run while one is under way, and takes over at once from one that has died', async () => {
    await withOpen({}, async (open) => {
      const insider = open.insider()
      await open.migration().run()
      const lock = 'app:@lock:migration'
      await insider.set(lock, '{"token":"somebody else"}', 'PX', 60_000)
      expect((await refused(open.migration().run())).code).to.equal('ERR_MIGRATION_LOCKED')
      expect((await refused(open.migration().rollback())).code).to.equal('ERR_MIGRATION_LOCKED')
      expect(await insider.get(lock)).to.equal('{"token":"somebody else"}')
      await insider.set(lock, 'no lock at all', 'PX', 20)
      await until('the lock has ended by itself', async () => (await insider.exists(lock)) === 0)
      await open.migration().run()
      expect(await insider.exists(lock)).to.equal(0)
    })
  })

  it('notices what somebody else has changed in between, by name, and goes on only when told to', async () => {
    await withOpen({}, async (open) => {
      await open.migration().run({ through: 'authentication' })
      const insider = open.insider()
      await insider.config('SET', 'maxmemory-samples', '7')
      await insider.call('ACL', 'SETUSER', 'stranger', 'on', '>a secret of theirs')
      const { code, message } = await refused(open.migration().run())
      expect(code).to.equal('ERR_MIGRATION_CHANGED')
      expect(message).to.match(/directive maxmemory-samples, user stranger/)
      expect(message).not.to.match(/secret|#/)
      await open.migration({ acceptChanges: true }).run()
      await open.migration().rollback({ downTo: 'preparation' })
      const { config, users } = await lookAt(open.insider())
      expect(config['maxmemory-samples']).to.equal('7')
      expect(users.some((line) => line.startsWith('user stranger on'))).to.equal(true)
    })
  })

  it('goes on after a restart of the server, which has kept what was set', async () => {
    await withOpen({}, async (open) => {
      const before = await lookAt(open.insider())
      await open.migration().run({ through: 'tls' })
      const path = join(open.server.folder, 'redis.conf')
      // The hashes of passwords are for the server's own user and group.
      expect((await stat(path)).mode & 0o007).to.equal(0)
      expect(await readFile(path, 'utf8')).to.match(/^user default off/m)
      await open.server.restart()
      await open.migration().run({ through: 'monitoring' })
      await open.migration().rollback({ downTo: 'preparation' })
      const { config, users } = await lookAt(open.insider())
      expect(config).to.deep.equal(before.config)
      // Reading its file, Redis tells users what they do anyway.
      const said = (lines: readonly string[]) => lines.map((line) => line.replace(' sanitize-payload', ''))
      expect(said(users)).to.deep.equal(said(before.users))
    })
  })

  it('takes a server with requirepass there and back, its password back in its place', async () => {
    const open = await startOpenRedis({ access: 'password' })
    try {
      const before = await lookAt(open.insider())
      expect(before.config['requirepass']).to.equal(open.server.passwords.admin)
      await open.migration().run({ through: 'monitoring' })
      expect((await lookAt(open.insider())).config['requirepass']).to.equal('')
      await open.migration().rollback({ downTo: 'preparation' })
      expect(await lookAt(open.insider())).to.deep.equal(before)
    } finally {
      await open.stop()
    }
  })

  it('ends connections that came the old way in the last moment', async () => {
    await withOpen({}, async (open) => {
      const events: string[] = []
      const dying = open.migration({
        tell(event) {
          if (event.type !== 'change') return
          events.push(event.text)
          if (event.text === 'set user default') throw new Error('a crash')
        },
      })
      expect(String(await rejection(dying.run({ through: 'authentication' })))).to.match(/a crash/)
      const late = new Redis(open.server.port, { retryStrategy: () => null })
      late.on('error', () => undefined)
      const ended = once(late, 'end')
      expect(await late.ping()).to.equal('PONG')
      await open.migration().run()
      await ended
      expect((await stages(open))[1]).to.equal('done')
    })
  })

  it('keeps users where the server keeps them, and survives its restart both ways', async () => {
    await withOpen({ users: 'aclfile' }, async (open) => {
      const before = await lookAt(open.insider())
      await open.migration().run({ through: 'authentication' })
      const path = join(open.folder, 'users.acl')
      expect(await readFile(path, 'utf8')).to.match(/^user cache_service on/m)
      expect((await stat(path)).mode & 0o007).to.equal(0)
      expect(await readFile(join(open.server.folder, 'redis.conf'), 'utf8')).not.to.match(/^user /m)
      await open.server.restart()
      await open.migration().rollback({ downTo: 'preparation' })
      expect(await lookAt(open.insider())).to.deep.equal(before)
      expect(await readFile(path, 'utf8')).not.to.match(/cache_service/)
    })
  })

  it('opens both ways again where the application is denied something that it needs', async () => {
    await withOpen({}, async (open) => {
      await open.migration().run({ through: 'encryption' })
      const before = await lookAt(open.insider())
      const application = applicationOf(open)
      // Until then CLIENT LIST shows a command of its role.
      await application.get('app::one')
      const migration = open.migration({
        waiting: { waitMs: 30_000, settleMs: 500, pollMs: 10 },
        tell(event) {
          if (event.type === 'change' && event.text.includes('protected-mode')) {
            application.hset('app:hash', 'a', 1).catch(() => undefined)
          }
        },
      })
      const { code, message } = await refused(migration.run())
      expect(code).to.equal('ERR_MIGRATION_CHECK')
      expect(message).to.include('cache_service was denied the command hset')
      expect(await application.hset('app:hash', 'a', 2)).to.equal(1)
      application.disconnect()
      await open.insider().del('app:hash')
      await open.migration().run()
      expect((await stages(open))[4]).to.equal('done')
      await open.migration().rollback()
      expect(await lookAt(open.insider())).to.deep.equal(before)
    })
  })

  it('says what the server may lack where it refuses a directive, and can be taken back', async () => {
    await withOpen({}, async (open) => {
      await open.migration().run({ through: 'authentication' })
      const before = await lookAt(open.insider())
      const wrong = { cert: '/nowhere/server.crt', key: '/nowhere/server.key', ca: '/nowhere/ca.crt' }
      const { code, message } = await refused(open.migration({ tlsFiles: wrong }).run())
      expect(code).to.equal('ERR_MIGRATION_CHECK')
      expect(message).to.include('set directive tls-port (can it read its certificate')
      await open.migration().rollback()
      expect(await lookAt(open.insider())).to.deep.equal(before)
      await open.migration().run()
      expect((await stages(open))[2]).to.equal('done')
    })
  })

  it('refuses to begin where it could not go back, and says everything that is in the way at once', async () => {
    await withOpen({}, async (open) => {
      const insider = open.insider()
      await insider.call('ACL', 'SETUSER', 'admin', 'on')
      const before = await lookAt(insider)
      const migration = open.migration({ tlsFiles: undefined, tlsPort: open.server.port })
      const { obstacles } = await migration.plan()
      expect(obstacles).to.have.length(3)
      const { code, message } = await refused(migration.run())
      expect(code).to.equal('ERR_MIGRATION_REFUSED')
      for (const obstacle of obstacles) expect(message).to.include(obstacle)
      expect(await lookAt(insider)).to.deep.equal(before)
    })
  })
})

/** The application after the step TLS. */
function applicationOf(open: OpenRedis): Redis {
  const { tls } = open.settings.redis
  return new Redis({
    host: open.server.host,
    port: open.tlsPort,
    username: 'cache_service',
    password: open.server.passwords.cache,
    tls: { ca: tls?.ca ?? '', cert: tls?.cert ?? '', key: tls?.key?.reveal() ?? '' },
    enableReadyCheck: false,
    disableClientInfo: true,
  })
}

async function stages(open: OpenRedis): Promise<readonly string[]> {
  return (await open.migration().status()).steps.map(({ stage }) => stage)
}

async function withOpen(
  options: Parameters<typeof startOpenRedis>[0],
  work: (open: OpenRedis) => Promise<void>,
): Promise<void> {
  const open = await startOpenRedis(options)
  try {
    await work(open)
  } finally {
    await open.stop()
  }
}
