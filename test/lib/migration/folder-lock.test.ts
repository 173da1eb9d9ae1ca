import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { FolderLock } from '../../../lib/migration/folder-lock.js'
import { ownIdentity } from '../../../lib/migration/process-identity.js'
import { refused } from '../../support/refused.js'

describe('the lock of a folder', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'folder-lock-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('refuses a second run of the same process too, and lets it in once the first has ended', async () => {
    const first = await FolderLock.take(folder)
    expect((await refused(FolderLock.take(folder))).code).to.equal('ERR_MIGRATION_LOCKED')
    await first.confirm()
    await first.release()
    const second = await FolderLock.take(folder)
    await second.confirm()
    expect((await refused(first.confirm())).code).to.equal('ERR_MIGRATION_LOCKED')
    expect(second.crashed).to.deep.equal([])
    await second.release()
    expect(await readdir(folder)).to.deep.equal(['lock-2'])
  })

  it('is taken over at once from a process that has ended, with what that may hold in Redis', async () => {
    const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
    await once(child, 'close')
    await leave({ ...(await ownIdentity()), pid: child.pid, token: 'later', crashed: ['earlier'] })
    const lock = await FolderLock.take(folder)
    expect(lock.crashed).to.deep.equal(['earlier', 'later'])
    await lock.release()
    const next = await FolderLock.take(folder)
    expect(next.crashed).to.deep.equal([])
    await next.release()
  })

  it('knows a process that has got the number of another one by when it was started', async function () {
    const own = await ownIdentity()
    if (own.startedAt === '') this.skip()
    await leave({ ...own, startedAt: '1', token: 'of another one' })
    const lock = await FolderLock.take(folder)
    expect(lock.crashed).to.deep.equal(['of another one'])
    await lock.release()
  })

  it('says nothing of a process of another container or machine, which lives until it is silent for long', async () => {
    const silent = new Date(Date.now() - 40_000)
    for (const text of [
      JSON.stringify({ ...(await ownIdentity()), world: 'elsewhere', token: 'theirs' }),
      '',
    ]) {
      await rm(join(folder, 'lock-1'), { force: true })
      await writeFile(join(folder, 'lock-1'), text)
      expect((await refused(FolderLock.take(folder))).message).to.match(/another container.* after 30 s/)
      await utimes(join(folder, 'lock-1'), silent, silent)
      const lock = await FolderLock.take(folder)
      // Only Redis knows whether that run still renews its lock there.
      expect(lock.crashed).to.deep.equal([])
      await lock.release()
      await rm(join(folder, 'lock-2'))
    }
  })

  it('lets one alone in of many that find the same run crashed', async () => {
    await leave({ ...(await ownIdentity()), pid: 2 ** 30, token: 'crashed' })
    const ends = await Promise.allSettled(Array.from({ length: 8 }, () => FolderLock.take(folder)))
    const locks = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))
    expect(locks).to.have.length(1)
    for (const lock of locks) {
      await lock.confirm()
      await lock.release()
    }
  })

  it('gives up a number that had gone by while it looked', async () => {
    await writeFile(
      join(folder, 'lock-7'),
      JSON.stringify({ ...(await ownIdentity()), token: 'x', released: true }),
    )
    const lock = await FolderLock.take(folder)
    expect(await readdir(folder)).to.deep.equal(['lock-8'])
    await writeFile(join(folder, 'lock-9'), '')
    expect((await refused(lock.confirm())).code).to.equal('ERR_MIGRATION_LOCKED')
    await lock.release()
    expect(await readFile(join(folder, 'lock-9'), 'utf8')).to.equal('')
  })

  it('says what is wrong with a folder that cannot be made', async () => {
    await writeFile(join(folder, 'file'), '')
    const { code, message } = await refused(FolderLock.take(join(folder, 'file', 'below')))
    expect(code).to.equal('ERR_MIGRATION_JOURNAL')
    expect(message).to.match(/cannot be used: a part of its path is no folder/)
  })

  async function leave(holder: object): Promise<void> {
    await writeFile(join(folder, 'lock-1'), JSON.stringify(holder))
  }
})
