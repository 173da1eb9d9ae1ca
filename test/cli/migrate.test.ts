import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse } from 'dotenv'
import { Redis } from 'ioredis'
import { after, before, describe, it } from 'mocha'
import { createSecureCache } from '../../lib/index.js'
import { secureCache, type Finished } from '../support/command-line.js'
import { temporaryFolder } from '../support/generated-folder.js'
import { freePort } from '../support/redis-process.js'
import { startRedis, type RunningRedis } from '../support/redis-server.js'

const OLD_PASSWORD = randomBytes(24).toString('base64url')

/** As docs/migration.md tells it: the generator first, then step by step. */
describe('secure-cache migrate and restore @once', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let server: RunningRedis
  let from: string
  let said = ''

  const run = async (words: string): Promise<Finished> => {
    const finished = await secureCache(words.split(' '), { cwd: folder.path })
    said += finished.stdout + finished.stderr
    return finished
  }
  const migrate = (words: string): Promise<Finished> => run(`migrate ${words}`)
  const pace = '--settle 0.05 --wait 20'

  before(async () => {
    folder = await temporaryFolder()
    server = await startRedis({
      transport: 'plain',
      access: 'none',
      config: { user: `worker on >${OLD_PASSWORD} ~* &* +@all`, 'maxmemory-policy': 'noeviction' },
    })
    from = `--from 127.0.0.1:${server.port}`
    const client = new Redis(server.port)
    await client.mset('ai_cache::greeting', '"hello"', 'theirs', 'not ours')
    await client.hset('ai_cache::table', 'a', '1')
    client.disconnect()
    const { code } = await run(`init --target local --host 127.0.0.1 --port ${await freePort()}`)
    expect(code).to.equal(0)
  })
  after(async () => {
    await server.stop()
    await folder.remove()
  })

  it('plans each step with what it sets, what the application does and what comes with the next restart', async () => {
    const { code, stdout } = await migrate(`plan ${from}`)
    expect(code).to.equal(0)
    expect(stdout).to.match(/^2\. Authentication \(authentication\)$/m)
    expect(stdout).to.match(
      /^ {3}you {10}let the application log in as cache_service with REDIS_CACHE_PASSWORD$/m,
    )
    expect(stdout).to.match(/^ {3}then {9}set user default/m)
    expect(stdout).to.match(/^with the next restart, from the generated redis.conf:\n {3}aclfile/m)
    const json = JSON.parse((await migrate(`plan --json ${from}`)).stdout) as { steps: unknown[] }
    expect(json.steps).to.have.length(6)
    expect((await migrate(`run --all --dry-run ${from}`)).stdout).to.equal(stdout)
    expect((await migrate('status')).stdout).to.match(/^not begun\npreparation {5}to do$/m)
  })

  it('takes one step at a time, says where it stands, and stops for what only a person can know', async () => {
    const first = await migrate(`run ${from} ${pace}`)
    expect(first.code, first.stderr).to.equal(0)
    expect(first.stderr).to.match(/^ {2}note: 3 keys are in .*, read back and right$/m)
    expect(first.stderr).to.match(/1 of type hash: only strings are sealed/)
    expect(first.stdout).to.match(/^preparation {5}done\nauthentication {2}to do$/m)
    const waits = await migrate(`run --all ${pace}`)
    expect(waits.code).to.equal(1)
    expect(waits.stderr).to.match(/^done tls$/m)
    expect(waits.stderr).to.match(/^error: .*--confirm encryption.*\nhint: /m)
    const rest = await migrate(`run --all --confirm encryption ${pace}`)
    expect(rest.code, rest.stderr).to.equal(0)
    expect(rest.stdout.match(/ done$/gm)).to.have.length(6)
  })

  it('leaves a server that the application uses as it is configured, and nobody else', async () => {
    const env = parse(await readFile(join(folder.path, '.env'), 'utf8'))
    const absolute = Object.fromEntries(
      Object.entries(env).map(([name, value]) => [
        name,
        name.endsWith('_FILE') ? join(folder.path, value) : value,
      ]),
    )
    await using cache = createSecureCache({ env: absolute })
    await cache.ready()
    expect(await cache.get('greeting')).to.equal('hello')
    expect(await cache.set('more', { n: 1 })).to.equal(true)
  })

  it('goes back all the way, what was written meanwhile in plain', async () => {
    const back = await migrate(`rollback --all --confirm encryption ${pace}`)
    expect(back.code, back.stderr).to.equal(0)
    expect(back.stderr).to.match(/^undone authentication$/m)
    const client = new Redis(server.port)
    expect(await client.mget('ai_cache::greeting', 'ai_cache::more', 'theirs')).to.deep.equal([
      '"hello"',
      '{"n":1}',
      'not ours',
    ])
    await client.flushall()
    client.disconnect()
  })

  it('restores the backup into the server of the settings', async () => {
    const files = await readdir(join(folder.path, '.secure-cache', 'migration'))
    const backup = files.find((name) => name.endsWith('.age')) ?? ''
    const identity = backup.replace('.age', '-identity.txt')
    const place = '.secure-cache/migration'
    const words = `restore ${place}/${backup} --identity ${place}/${identity} ${from}`
    const { code, stdout, stderr } = await run(words)
    expect(code, stderr).to.equal(0)
    expect(stdout).to.equal('restored 3\n')
    const client = new Redis(server.port)
    expect(await client.hgetall('ai_cache::table')).to.deep.equal({ a: '1' })
    client.disconnect()
    const again = await run(words)
    expect(again.stdout).to.equal('restored 0\nleft 3\n')
  })

  it('is used wrongly with exit code 2: an unknown step, an address that is none, a port that is none', async () => {
    const wrong = [
      'run everything',
      'plan --from nowhere',
      'plan --from 127.0.0.1:99999',
      'plan --tls-port 0',
      'run --wait soon',
      'run --confirm all',
    ]
    const ended = await Promise.all(wrong.map(migrate))
    expect(ended.map(({ code, stdout }) => [code, stdout])).to.deep.equal(wrong.map(() => [2, '']))
    expect((await run('restore nothing')).code).to.equal(2)
  })

  it('has said no password, no key and no value in all that', async () => {
    const env = parse(await readFile(join(folder.path, '.env'), 'utf8'))
    const operator = await readFile(join(folder.path, 'secure-redis/operator/admin_password'), 'utf8')
    const secrets = Object.entries(env).flatMap(([name, value]) =>
      /(?:PASSWORD|KEY|TOKEN)$/.test(name) ? [value] : [],
    )
    expect(secrets).to.have.length.above(3)
    for (const secret of [...secrets, operator.trim(), OLD_PASSWORD, 'AGE-SECRET-KEY', 'hello', 'greeting']) {
      expect(said.includes(secret)).to.equal(false)
    }
  })
})
