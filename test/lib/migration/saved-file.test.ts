import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import {
  appendFile,
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'mocha'
import type { RunEvent } from '../../../lib/migration/runner.js'
import { startOpenRedis, type OpenRedis } from '../../support/open-redis.js'
import { RedisProcess } from '../../support/redis-process.js'
import { refused } from '../../support/refused.js'

const NOBODY = 65_534

describe('the files of a server under migration @once', () => {
  let open: OpenRedis
  let other: RedisProcess | undefined
  /** Where others may read. */
  let place: string
  let notes: string[]
  const tell = (event: RunEvent): void => {
    if (event.type === 'note') notes.push(event.text)
  }

  beforeEach(async () => {
    open = await startOpenRedis()
    place = await mkdtemp(join(tmpdir(), 'server-files-'))
    await chmod(place, 0o755)
    notes = []
  })
  afterEach(async () => {
    await other?.dispose()
    other = undefined
    await open.stop()
    await rm(place, { recursive: true, force: true })
  })

  it('stay as somebody else has changed them meanwhile, and that is said', async () => {
    const path = join(open.server.folder, 'redis.conf')
    await open.migration({ tell }).run()
    await appendFile(path, '# a line of somebody else\n')
    await open.migration({ tell }).run()
    await open.migration({ tell }).rollback({ downTo: 'preparation' })
    expect(await readFile(path, 'utf8')).to.include('# a line of somebody else')
    expect(notes).to.include(`${path} stays as it is: somebody else has changed it since the server wrote it`)
  })

  it('stop a migration before it begins where the server cannot write them, however that shows', async () => {
    const path = join(open.server.folder, 'redis.conf')
    await rename(path, `${path}.before`)
    await mkdir(path)
    const { code, message } = await refused(open.migration({ tell }).run())
    expect(code).to.equal('ERR_MIGRATION_REFUSED')
    expect(message).to.match(/could not write its files \(CONFIG REWRITE\).*nothing was changed/)
    await rm(path, { recursive: true })
    await rename(`${path}.before`, path)
    await open.migration({ tell }).run()
    expect((await open.migration().status()).steps[0]?.stage).to.equal('done')
  })

  it('keep their mode where the server of another user could not read them otherwise', async function () {
    if (process.getuid?.() !== 0 || !works('setpriv', '--reuid', String(NOBODY), '--clear-groups', 'true')) {
      this.skip()
    }
    const path = await configuration()
    await serve('setpriv', '--reuid', String(NOBODY), '--clear-groups', 'redis-server', path)
    const { obstacles } = await open.migration().plan()
    expect(obstacles.join()).to.match(/the server cannot write .*redis.conf.*its user \(65534\)/)
    expect((await refused(open.migration().run())).code).to.equal('ERR_MIGRATION_REFUSED')
    expect((await stat(path)).mode & 0o777).to.equal(0o644)

    await chown(place, NOBODY, NOBODY)
    const text = await readFile(path, 'utf8')
    await open.migration().run({ through: 'authentication' })
    const written = await stat(path)
    expect([written.uid, written.mode & 0o777]).to.deep.equal([NOBODY, 0o640])
    await other?.signal('SIGTERM')
    await other?.start()
    await open.migration().rollback({ downTo: 'preparation' })
    const restored = await stat(path)
    expect([restored.uid, restored.mode & 0o777, await readFile(path, 'utf8')]).to.deep.equal([
      0,
      0o644,
      text,
    ])
  })

  it('are never touched where they are those of another server under the same path', async function () {
    if (!works('unshare', '--mount', 'true')) this.skip()
    const path = await configuration()
    const elsewhere = join(place, 'elsewhere')
    await mkdir(elsewhere)
    await rename(path, join(elsewhere, 'redis.conf'))
    const mount = 'mount --bind "$1/elsewhere" "$1" && exec redis-server "$1/redis.conf"'
    await writeFile(path, 'port 1\n', { mode: 0o644 })
    await serve('unshare', '--mount', 'sh', '-c', mount, 'sh', place)
    await open.migration({ tell }).run({ through: 'authentication' })
    await writeFile(path, 'port 2\n')
    await open.migration({ tell }).rollback({ downTo: 'preparation' })
    expect([await readFile(path, 'utf8'), (await stat(path)).mode & 0o777]).to.deep.equal(['port 2\n', 0o644])
    expect(notes.join()).not.to.include('stays as')
  })

  /** A redis.conf of root's own, as packages and people write it, for the address of the server. */
  async function configuration(): Promise<string> {
    const { host, port } = open.server
    const path = join(place, 'redis.conf')
    await writeFile(path, `bind ${host}\nport ${port}\nprotected-mode no\nsave ""\ndir /tmp\n`, {
      mode: 0o644,
    })
    return path
  }

  /** In the place of the open server. */
  async function serve(command: string, ...words: readonly string[]): Promise<void> {
    await open.server.kill()
    other = new RedisProcess(command, words)
    await other.start()
  }
})

function works(command: string, ...words: readonly string[]): boolean {
  return spawnSync(command, words, { stdio: 'ignore' }).status === 0
}
