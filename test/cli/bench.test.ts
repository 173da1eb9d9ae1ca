import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import type { Redis } from 'ioredis'
import { after, before, describe, it } from 'mocha'
import { secureCache, type Finished } from '../support/command-line.js'
import { temporaryFolder } from '../support/generated-folder.js'
import { startRedis, type RunningRedis } from '../support/redis-server.js'
import { until } from '../support/until.js'

const PROGRAM = fileURLToPath(new URL('../../cli/secure-cache.js', import.meta.url))

describe('secure-cache bench', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let redis: RunningRedis
  let admin: Redis

  before(async () => {
    folder = await temporaryFolder()
    redis = await startRedis()
    admin = redis.admin()
  })

  after(async () => {
    await redis.stop()
    await folder.remove()
  })

  /** On a loaded machine a reply may be late, which is no failure of this command. */
  const env = (): Record<string, string> => ({ ...redis.env, CACHE_TIMEOUT_MS: '10000' })

  const run = (words: readonly string[], more: Record<string, string> = {}): Promise<Finished> =>
    secureCache(['bench', ...words], { cwd: folder.path, env: { ...env(), ...more } })

  it('prints figures, writes a page with a plot that holds no secret, and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await run(['--seconds', '1', '--report', 'page.html'])
    expect(code, stderr).to.equal(0)
    expect(stdout).to.match(/get 10 KiB, 16 at once +\d+ +\d+/)
    const file = join(folder.path, 'page.html')
    const page = await readFile(file, 'utf8')
    expect(page).to.include('<svg').and.to.include('Redis over TLS').and.not.to.include('<script')
    expect((await stat(file)).mode & 0o077).to.equal(0)
    for (const secret of [redis.passwords.cache, `127.0.0.1:${redis.port}`]) {
      expect(page + stdout + stderr).not.to.include(secret)
    }
    expect(await admin.dbsize()).to.equal(0)
  })

  it('does nothing against production unless it is told to @once', async () => {
    const { code, stderr } = await run(['--seconds', '1'], { NODE_ENV: 'production' })
    expect(code).to.equal(2)
    expect(stderr).to.include('this is production').and.to.include('--yes')
  })

  it('refuses a time that is too long @once', async () => {
    const { code, stderr } = await run(['--seconds', '121'])
    expect(code).to.equal(2)
    expect(stderr).to.include('from 1 to 120')
  })

  it('removes what it wrote when it is interrupted', async () => {
    const child = spawn(process.execPath, [PROGRAM, 'bench', '--seconds', '100'], {
      cwd: folder.path,
      env: { PATH: process.env['PATH'] ?? '', ...env() },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr.on('data', (text: Buffer) => {
      said += text.toString()
    })
    const ended = once(child, 'close')
    await until('it has written something', async () => (await admin.dbsize()) > 0, 30_000)
    child.kill('SIGINT')
    const [code] = (await ended) as [number | null]
    expect(code).to.equal(1)
    expect(said).to.include('interrupted')
    expect(await admin.dbsize()).to.equal(0)
  })
})
