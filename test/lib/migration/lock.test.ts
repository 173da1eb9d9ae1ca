import { expect } from 'chai'
import { EventEmitter, once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { cp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'mocha'
import { startOpenRedis, type OpenRedis } from '../../support/open-redis.js'
import { refused } from '../../support/refused.js'

const LOCK = 'app:@lock:migration'

describe('the lock of a server @once', () => {
  let open: OpenRedis

  before(async () => {
    open = await startOpenRedis()
    await open.migration().run()
  })
  after(() => open.stop())

  it('refuses a second run, and one with a copy of the journal, and the first one goes on unharmed', async () => {
    const copy = join(open.folder, 'copy')
    await cp(join(open.folder, 'journal'), join(copy, 'journal'))
    const text = await readFile(join(copy, 'journal'), 'latin1')
    const old = open.client()
    await old.ping()
    const waits = new EventEmitter()
    const waiting = once(waits, 'waiting')
    const first = open.migration({ tell: ({ type }) => waits.emit(type) }).run()
    await waiting
    for (const folder of [open.folder, copy]) {
      for (const direction of ['run', 'rollback'] as const) {
        const { code } = await refused(open.migration({ folder })[direction]())
        expect(code).to.equal('ERR_MIGRATION_LOCKED')
      }
    }
    old.disconnect()
    await first
    expect(await readFile(join(copy, 'journal'), 'latin1')).to.equal(text)
    expect(await open.insider().exists(LOCK)).to.equal(0)
    await open.migration().rollback()
  })

  it('names what somebody else has put in its place, and how to remove it', async () => {
    const insider = open.insider()
    for (const put of [
      ['SET', LOCK, 'x'],
      ['SET', LOCK, 'x', 'PX', '90000000'],
      ['HSET', LOCK, 'a', '1'],
    ] as const) {
      const [command, ...args] = put
      await insider.call(command, ...args)
      const { code, message } = await refused(open.migration().run())
      expect(code).to.equal('ERR_MIGRATION_LOCKED')
      expect(message).to.match(
        /under app:@lock:migration (?:never ends|ends in 9\d{4} s).*DEL app:@lock:migration$/,
      )
      await insider.del(LOCK)
    }
    await insider.set(LOCK, 'x', 'PX', 20_000)
    expect((await refused(open.migration().run())).message).to.match(/wait for it to end.* in (?:20|1\d) s/)
    await insider.del(LOCK)
  })

  it('ends a run that has lost it, before it does anything more', async () => {
    const changes: string[] = []
    const migration = open.migration({
      tell(event) {
        if (event.type !== 'change') return
        if (changes.length === 0) writeFileSync(join(open.folder, 'lock-99'), '{"released":true}')
        changes.push(event.text)
      },
    })
    expect((await refused(migration.run())).code).to.equal('ERR_MIGRATION_LOCKED')
    expect(changes).to.deep.equal(['set user admin'])
    await rm(join(open.folder, 'lock-99'))
    await open.migration().run()
  })
})
