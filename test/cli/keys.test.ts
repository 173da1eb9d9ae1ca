import { fork, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { parse } from 'dotenv'
import { after, afterEach, before, beforeEach, describe, it } from 'mocha'
import { KeyRing } from '../../lib/crypto/key-ring.js'
import { FolderLock } from '../../lib/migration/folder-lock.js'
import { Journal } from '../../lib/migration/journal.js'
import { Secret } from '../../lib/settings/secret.js'
import { secureCache, type Finished } from '../support/command-line.js'
import { temporaryFolder } from '../support/generated-folder.js'
import { startRedis, type RunningRedis } from '../support/redis-server.js'
import { until } from '../support/until.js'

const WORKER = fileURLToPath(new URL('../support/rotation-worker.js', import.meta.url))
const newKey = (): string => randomBytes(32).toString('base64url')

interface Counts {
  readonly type: string
  readonly reads: number
  readonly failed: number
}

/** One application process. */
class Worker {
  readonly #child: ChildProcess
  #reloads = 0
  #ready = false
  #counts: Counts | undefined

  constructor(env: Readonly<Record<string, string>>) {
    this.#child = fork(WORKER, { env: { PATH: process.env['PATH'] ?? '', ...env } })
    this.#child.on('message', (message: Counts) => {
      if (message.type === 'reloaded') this.#reloads += 1
      if (message.type === 'ready') this.#ready = true
      if (message.type === 'counts') this.#counts = message
    })
  }

  async ready(): Promise<void> {
    await until('the application is ready', () => this.#ready, 30_000)
  }

  /** Reads its secrets anew. */
  async reload(): Promise<void> {
    const wanted = this.#reloads + 1
    this.#child.kill('SIGHUP')
    await until('the application has read its secrets anew', () => this.#reloads >= wanted, 30_000)
  }

  async counts(): Promise<Counts> {
    this.#counts = undefined
    this.#child.send('counts')
    await until('the application tells', () => this.#counts !== undefined, 30_000)
    return this.#counts ?? { type: 'counts', reads: 0, failed: 0 }
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return
    this.#child.disconnect()
    await once(this.#child, 'exit')
  }
}

describe('secure-cache keys', function () {
  // Two dozen processes, one after the other.
  this.timeout(240_000)

  let redis: RunningRedis
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  const workers: Worker[] = []

  before(async () => {
    redis = await startRedis()
  })
  beforeEach(async () => {
    folder = await temporaryFolder()
  })
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.end()))
    await folder.remove()
    await redis.admin().flushall()
  })
  after(async () => redis.stop())

  const run = (...words: string[]): Promise<Finished> =>
    secureCache(['keys', ...words], { cwd: folder.path, env: { NODE_ENV: 'test', ...withoutKey() } })
  const withoutKey = (): Record<string, string> => {
    const { REDIS_ENCRYPTION_KEY: _key, ...rest } = redis.env
    return rest
  }
  const envFile = (): string => join(folder.path, '.env')
  const inEnv = async (): Promise<Record<string, string>> => parse(await readFile(envFile(), 'utf8'))

  it('generates, promotes, sweeps and retires in an environment file, and shows no key', async () => {
    const first = newKey()
    await writeFile(envFile(), `# ours\nREDIS_ENCRYPTION_KEY=${first}\nOTHER="kept as it is" # so\n`)
    const generated = await run('generate')
    expect(generated.code, generated.stderr).to.equal(0)
    const id = generated.stdout.trim()
    expect(id).to.match(/^[0-9a-f]{32}$/)
    const second = (await inEnv())['REDIS_ENCRYPTION_ACCEPTED_KEYS'] ?? ''
    expect(await readFile(envFile(), 'utf8'))
      .to.include('# ours\n')
      .and.to.include('OTHER="kept as it is" # so\n')
    expect((await stat(envFile())).mode & 0o007, 'nobody else reads it').to.equal(0)

    const rotated = await run('rotate')
    expect(rotated.code, rotated.stderr).to.equal(0)
    expect(rotated.stdout.trim()).to.equal(id)
    expect(await inEnv()).to.include({
      REDIS_ENCRYPTION_KEY: second,
      REDIS_ENCRYPTION_ACCEPTED_KEYS: first,
      OTHER: 'kept as it is',
    })
    const again = await run('rotate')
    expect(again.code, 'the previous key does not come back by a command typed twice').to.equal(2)
    expect(again.stderr).to.include('no key was generated here')
    const listed = await run('list', '--json')
    const { keys } = JSON.parse(listed.stdout) as { keys: { id: string; part: string; values: number }[] }
    expect(keys.map(({ part, values }) => [part, values])).to.deep.equal([
      ['seals', 0],
      ['accepted', 0],
    ])
    expect((await run('retire', id)).code, 'the key that seals').to.equal(2)
    const retired = await run('retire', keys[1]?.id.slice(0, 8) ?? '')
    expect(retired.code, retired.stderr).to.equal(0)
    expect((await inEnv())['REDIS_ENCRYPTION_ACCEPTED_KEYS']).to.equal('')
    const said = [generated, rotated, listed, retired].map(({ stdout, stderr }) => stdout + stderr).join()
    for (const key of [first, second]) expect(said).to.not.include(key)
  })

  it('seals the journal of a migration anew before it retires its key, and else does not retire it @once', async () => {
    const [old, key] = [newKey(), newKey()]
    const ringOf = (primary: string): KeyRing =>
      KeyRing.create({ enabled: true, key: new Secret(primary), acceptedKeys: [] })
    const place = join(folder.path, '.secure-cache', 'migration')
    const hold = await FolderLock.take(place)
    const journal = await Journal.open({ folder: place, keyRing: ringOf(old), hold })
    await journal.append({ type: 'undone', step: 'tls', side: 'expand', index: 0 })
    const lines = `REDIS_ENCRYPTION_KEY=${key}\nREDIS_ENCRYPTION_ACCEPTED_KEYS=${old}\n`
    await writeFile(envFile(), lines)
    const id = ringOf(old).primaryId
    const early = await run('retire', id)
    expect(early.code).to.equal(1)
    expect(early.stderr).to.match(
      /error: the journal in .*migration, without which .* another run.*\nhint: the key was not/,
    )
    expect(await readFile(envFile(), 'utf8')).to.equal(lines)
    await journal.close()
    await hold.release()
    const retired = await run('retire', id)
    expect(retired.code, retired.stderr).to.equal(0)
    expect(await Journal.read({ folder: place, keyRing: ringOf(key) })).to.have.length(1)
  })

  it('derives a key from a passphrase, and refuses keys of the process and odd files @once', async () => {
    await writeFile(
      envFile(),
      `REDIS_ENCRYPTION_KEY=${newKey()}\nREDIS_ENCRYPTION_PASSPHRASE=${randomBytes(24).toString('base64url')}\n`,
    )
    const generated = await run('generate', '--passphrase')
    expect(generated.code, generated.stderr).to.equal(0)
    expect((await inEnv())['REDIS_ENCRYPTION_ACCEPTED_KEYS']).to.match(/^pbkdf2-sha256:i=600000:salt=/)
    const ofProcess = await secureCache(['keys', 'rotate', '--force'], {
      cwd: folder.path,
      env: { ...withoutKey(), REDIS_ENCRYPTION_KEY: newKey() },
    })
    expect(ofProcess.code).to.equal(2)
    expect(ofProcess.stderr).to.include('comes from the environment of this process')
    await writeFile(
      envFile(),
      `REDIS_ENCRYPTION_KEY=${newKey()}\nREDIS_ENCRYPTION_ACCEPTED_KEYS="\n${newKey()}"\n`,
    )
    const odd = await run('generate')
    expect(odd.code).to.equal(2)
    expect(odd.stderr).to.include('cannot be changed without touching something else')
    await writeFile(envFile(), '')
    expect((await run('list')).stderr).to.include('REDIS_ENCRYPTION_KEY is not set')
  })

  it('rotates under load with two processes, one updated late, without a failed read @once', async () => {
    await writeFile(join(folder.path, 'key'), `${newKey()}\n`, { mode: 0o600 })
    await writeFile(join(folder.path, 'accepted'), '', { mode: 0o600 })
    const files = {
      REDIS_ENCRYPTION_KEY_FILE: join(folder.path, 'key'),
      REDIS_ENCRYPTION_ACCEPTED_KEYS_FILE: join(folder.path, 'accepted'),
    }
    await writeFile(
      envFile(),
      Object.entries(files)
        .map((entry) => `${entry.join('=')}\n`)
        .join(''),
    )
    const env = { ...withoutKey(), ...files, CACHE_TIMEOUT_MS: '20000' }
    const early = new Worker(env)
    const late = new Worker(env)
    workers.push(early, late)
    await Promise.all([early.ready(), late.ready()])

    expect((await run('generate')).code).to.equal(0)
    await early.reload()
    const refused = await run('rotate', '--expect', '2')
    expect(refused.code).to.equal(1)
    expect(refused.stderr).to.include('does not accept the key yet')

    await late.reload()
    await until('both accept it', async () => (await run('rotate', '--expect', '2')).code === 0, 60_000)
    await early.reload()
    // The one seals under the new key by now, the other still under the old one.
    const sofar = await late.counts()
    await until('both go on', async () => (await late.counts()).reads > sofar.reads + 500, 60_000)
    const tooSoon = await run('sweep')
    expect(tooSoon.code).to.equal(1)
    expect(tooSoon.stderr).to.include('still seals under another key')

    await late.reload()
    await until('nothing is left', async () => (await run('sweep')).code === 0, 60_000)
    const listed = await run('list', '--json')
    const { keys } = JSON.parse(listed.stdout) as {
      keys: { id: string; values: number; instances: number }[]
    }
    expect(keys.map(({ values, instances }) => [values > 0, instances])).to.deep.equal([
      [true, 2],
      [false, 0],
    ])
    expect((await run('retire', keys[1]?.id ?? '')).code).to.equal(0)
    await Promise.all([early.reload(), late.reload()])
    const counts = await Promise.all([early.counts(), late.counts()])
    expect(counts.map(({ failed }) => failed)).to.deep.equal([0, 0])
    expect(Math.min(...counts.map(({ reads }) => reads))).to.be.greaterThan(500)
  })
})
