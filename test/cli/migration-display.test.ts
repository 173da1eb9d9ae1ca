import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse } from 'dotenv'
import { Redis } from 'ioredis'
import { after, afterEach, before, describe, it } from 'mocha'
import { secureCache } from '../support/command-line.js'
import { contentsOf } from '../support/folder-contents.js'
import { temporaryFolder } from '../support/generated-folder.js'
import { freePort } from '../support/redis-process.js'
import { startRedis, type RunningRedis } from '../support/redis-server.js'
import { KEYS, atTerminal, canOpenTerminal, type TerminalSession } from '../support/terminal.js'

describe('secure-cache migrate at a terminal @once', function () {
  // Processes one after the other, on a machine that may be busy.
  this.timeout(240_000)
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let server: RunningRedis
  let terminal: TerminalSession
  let said = ''

  before(async function () {
    if (!canOpenTerminal()) this.skip()
    folder = await temporaryFolder()
    server = await startRedis({
      transport: 'plain',
      access: 'none',
      config: { 'maxmemory-policy': 'noeviction' },
    })
    const client = new Redis(server.port)
    await client.mset('ai_cache::greeting', '"a canary of values"', 'theirs', 'not ours')
    client.disconnect()
    const words = `init --target local --host 127.0.0.1 --port ${await freePort()}`
    expect((await secureCache(words.split(' '), { cwd: folder.path })).code).to.equal(0)
  })
  afterEach(() => {
    said += terminal.shown()
    terminal.close()
  })
  after(async () => {
    await (server as RunningRedis | undefined)?.stop()
    await (folder as typeof folder | undefined)?.remove()
  })

  const migrate = (words: string): TerminalSession => {
    const all = `migrate ${words} --confirm encryption --settle 0.05 --wait 100`
    terminal = atTerminal(all.split(' '), { cwd: folder.path })
    return terminal
  }
  const stages = async (): Promise<readonly string[]> => {
    const { stdout } = await secureCache(['migrate', 'status', '--json'], { cwd: folder.path })
    return (JSON.parse(stdout) as { steps: { stage: string }[] }).steps.map(({ stage }) => stage)
  }

  it('lists the one step that it takes, and keeps what is to be remembered', async () => {
    const { ended, shown, hasCursor } = migrate(`run --from 127.0.0.1:${server.port}`)
    expect(await ended(), shown()).to.equal(0)
    expect(shown()).to.include('✔ Preparation').and.not.to.include('Authentication')
    expect(shown()).to.match(/^note: .*-identity\.txt opens the backup: keep it apart from it\s*$/m)
    expect(hasCursor()).to.equal(true)
  })

  it('marks no step as done where it cannot begin', async () => {
    const client = new Redis(server.port)
    await client.set('ai_cache:@lock:migration', 'the token of somebody else', 'PX', 30_000)
    const { ended, shown } = migrate('run --all')
    expect(await ended(), shown()).to.equal(1)
    expect(shown()).to.include('another run of the migration holds the lock').and.not.to.include('✔')
    await client.del('ai_cache:@lock:migration')
    client.disconnect()
  })

  it('says for whom it waits, and ends on Ctrl-C so that the same command goes on from there', async () => {
    const old = new Redis(server.port)
    await old.ping()
    const { answer, ended, shown, hasCursor } = migrate('run --all')
    await answer('now you: let the application log in as cache_service', '')
    await answer('1 clients', KEYS.controlC)
    expect(await ended(), shown()).to.equal(1)
    expect(shown())
      .to.include('✖ Authentication')
      .and.not.to.match(/✔ (?:Authentication|TLS)/)
    expect(shown()).to.match(/^error: stopped; the same command goes on from here\s*$/m)
    expect(hasCursor()).to.equal(true)
    expect(await stages()).to.deep.equal(['done', 'expanded', 'to do', 'to do', 'to do', 'to do'])
    expect(await old.exists('ai_cache:@lock:migration')).to.equal(0)
    old.disconnect()
  })

  it('goes on to the end, a step a line', async () => {
    const { ended, shown } = migrate('run --all')
    expect(await ended(), shown()).to.equal(0)
    const steps = ['Authentication', 'TLS', 'Encryption of values', 'Access control', 'Monitoring']
    for (const step of steps) expect(shown()).to.include(`✔ ${step}`)
    expect(shown()).to.include('note: 1 values sealed').and.not.to.include('Preparation')
    expect(new Set(await stages())).to.deep.equal(new Set(['done']))
  })

  it('goes all the way back, the latest step first', async () => {
    const { ended, shown } = migrate('rollback --all')
    expect(await ended(), shown()).to.equal(0)
    const [first, last] = ['✔ Monitoring', '✔ Preparation'].map((row) => shown().indexOf(row))
    expect(first).to.be.within(0, last ?? 0)
    expect(await stages()).to.deep.equal(Array.from({ length: 6 }, () => 'to do'))
  })

  it('has shown no secret, no value and no key name in all that', async () => {
    const env = parse(await readFile(join(folder.path, '.env'), 'utf8'))
    const secrets = Object.entries(env).flatMap(([name, value]) =>
      /(?:PASSWORD|KEY|TOKEN)$/.test(name) ? [value] : [],
    )
    for (const [path, text] of await contentsOf(folder.path)) {
      if (path.endsWith('_password')) secrets.push(text.trim())
    }
    expect(secrets).to.have.length.above(5)
    for (const secret of [...secrets, 'AGE-SECRET-KEY', 'canary', 'greeting']) {
      expect(said.includes(secret)).to.equal(false)
    }
  })
})
