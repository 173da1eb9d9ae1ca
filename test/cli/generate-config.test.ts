import { existsSync } from 'node:fs'
import { appendFile, cp, mkdir, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'dotenv'
import { expect } from 'chai'
import { after, afterEach, beforeEach, describe, it } from 'mocha'
import { generateConfig, startLocalServer } from '../../generators/index.js'
import { readSettings } from '../../lib/settings/read.js'
import { secureCache, type Finished, type RunOptions } from '../support/command-line.js'
import { contentsOf, misfits, modeOf } from '../support/folder-contents.js'
import { APPLICATION, outcomeOf } from '../support/generated-client.js'
import { temporaryFolder } from '../support/generated-folder.js'
import { freePort } from '../support/redis-process.js'

describe('secure-cache generate-config and init', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>

  /** What `init` makes, made once for those tests that do not look at whose the files are. */
  let initial: typeof folder | undefined

  beforeEach(async () => {
    folder = await temporaryFolder()
  })
  afterEach(() => folder.remove())
  after(() => initial?.remove())

  async function initialised(): Promise<void> {
    if (initial === undefined) {
      initial = await temporaryFolder()
      expect((await secureCache(['init'], { cwd: initial.path })).code).to.equal(0)
    }
    await cp(initial.path, folder.path, { recursive: true })
  }

  const at = (path: string): string => join(folder.path, path)
  const run = (words: string, options: Partial<RunOptions> = {}): Promise<Finished> =>
    secureCache(words.split(' '), { cwd: folder.path, ...options })

  async function secretsOf(): Promise<readonly string[]> {
    const contents = await contentsOf(folder.path)
    const files = [...contents]
      .filter(([path]) => /_password$|\.key$/.test(path))
      .map(([, text]) => text.trim())
    const env = Object.entries(parse(contents.get('.env') ?? ''))
    return [...files, ...env.filter(([name]) => /PASSWORD$|KEY$|TOKEN$/.test(name)).map(([, value]) => value)]
  }

  it('does what init does where there are no settings at all, and says so', async () => {
    const { code, stderr, stdout } = await run('generate-config')
    expect(code).to.equal(0)
    expect(stderr).to.match(/^no settings were found/)
    expect(stdout.split('\n')).to.include.members([
      'created .env',
      'created conf/redis.conf',
      'created conf/users.acl',
    ])
    expect(misfits(await contentsOf(at('secure-redis')))).to.deep.equal([])
  })

  it('makes an environment file that is private, complete and of strong secrets', async () => {
    await initialised()
    expect(await modeOf(at('.env'))).to.equal(0o600)
    const env = parse(await readFile(at('.env'), 'utf8'))
    for (const name of [
      'REDIS_CACHE_PASSWORD',
      'REDIS_MONITOR_PASSWORD',
      'REDIS_MAINTENANCE_PASSWORD',
      'REDIS_ENCRYPTION_KEY',
      'SECURITY_STATUS_TOKEN',
    ]) {
      expect(env[name], name).to.match(/^[A-Za-z0-9_-]{43}$/)
    }
    const absolute = (name: string): string => at(env[name] ?? '')
    const files = {
      REDIS_TLS_CA_FILE: absolute('REDIS_TLS_CA_FILE'),
      REDIS_TLS_CERT_FILE: absolute('REDIS_TLS_CERT_FILE'),
      REDIS_TLS_KEY_FILE: absolute('REDIS_TLS_KEY_FILE'),
    }
    // Complete: the application's own reading finds nothing missing, in production either.
    const settings = readSettings({ env: { ...env, ...files, NODE_ENV: 'production' } })
    expect(settings.warnings.filter(({ insecure }) => insecure)).to.deep.equal([])
    expect(settings.redis).to.include({ authentication: 'acl', host: 'redis' })
  })

  it('gives the application’s environment file no secret of admin, operator or authority @once', async () => {
    await initialised()
    const env = await readFile(at('.env'), 'utf8')
    const contents = await contentsOf(at('secure-redis'))
    for (const [path, text] of contents) {
      if (/^(?:operator|secrets)\/.*_password$/.test(path)) expect(env, path).not.to.include(text.trim())
    }
    expect(env).not.to.match(/REDIS_PASSWORD=|PRIVATE KEY/)
  })

  it('tells no secret on stdout or stderr, and none reaches a file that others can read @once', async () => {
    const { stdout, stderr } = await run('init')
    const secrets = await secretsOf()
    expect(secrets.length).to.be.greaterThan(15)
    for (const secret of secrets) expect(stdout + stderr).not.to.include(secret)
    for (const [path, text] of await contentsOf(folder.path)) {
      if ((await modeOf(at(path))) === 0o600) continue
      for (const secret of secrets) expect(text, path).not.to.include(secret)
    }
  })

  it('boots and serves what it wrote for this machine', async () => {
    const port = await freePort()
    expect((await run(`init --target local --port ${port}`)).code).to.equal(0)
    const out = at('secure-redis')
    const server = await startLocalServer({ out })
    try {
      expect(await outcomeOf({ out, port }, APPLICATION, (redis) => redis.ping())).to.equal('PONG')
    } finally {
      await server.stop()
    }
  })

  it('never overwrites an environment file @once', async () => {
    await writeFile(at('.env'), 'MINE=1\n')
    const { code, stderr } = await run('init')
    expect(code).to.equal(2)
    expect(stderr).to.match(/^error: \.env exists.*\nhint: /)
    expect(await readFile(at('.env'), 'utf8')).to.equal('MINE=1\n')
    expect(await readdir(folder.path)).to.deep.equal(['.env'])
  })

  it('leaves no environment file behind where the configuration cannot be written @once', async () => {
    await mkdir(at('secure-redis/conf'), { recursive: true })
    await writeFile(at('secure-redis/conf/redis.conf'), 'mine\n')
    const { code, stderr } = await run('init')
    expect(code).to.equal(1)
    expect(stderr).to.include('conf/redis.conf was not written by this generator')
    expect(existsSync(at('.env'))).to.equal(false)
  })

  it('changes nothing the second time, and writes nothing on a dry run @once', async () => {
    expect((await run('init --dry-run')).stdout).to.include('created conf/redis.conf')
    expect(await readdir(folder.path)).to.deep.equal([])
    await run('init')
    const before = await contentsOf(folder.path)
    const again = await run('generate-config')
    expect(again).to.include({ code: 0, stdout: '' })
    expect(await contentsOf(folder.path)).to.deep.equal(before)
  })

  it('exits 1 for a file changed by hand, names it, and overwrites it with --force @once', async () => {
    await run('init')
    await appendFile(at('secure-redis/conf/redis.conf'), '# mine\n')
    const refused = await run('generate-config')
    expect(refused.code).to.equal(1)
    expect(refused.stderr).to.match(
      /^error: [^\n]*\n {2}conf\/redis\.conf was changed by hand since\nhint: .*--force/,
    )
    const forced = await run('generate-config --force')
    expect(forced).to.include({ code: 0, stdout: 'overwritten conf/redis.conf\n' })
  })

  it('names every problem of the settings at once, without a value @once', async () => {
    const { code, stderr } = await run('generate-config', {
      env: {
        REDIS_CACHE_PASSWORD: 'short-canary',
        REDIS_MAX_MEMORY: 'lots-canary',
        REDIS_KEY_PREFIX: 'canary',
      },
    })
    expect(code).to.equal(1)
    for (const name of [
      'REDIS_CACHE_PASSWORD',
      'REDIS_MAX_MEMORY',
      'REDIS_KEY_PREFIX',
      'REDIS_ENCRYPTION_KEY',
    ]) {
      expect(stderr).to.include(name)
    }
    expect(stderr).not.to.include('canary')
    expect(await readdir(folder.path)).to.deep.equal([])
  })

  it('lets the process’s environment win over the environment file @once', async () => {
    await initialised()
    await run('generate-config', { env: { REDIS_MAX_MEMORY: '300mb' } })
    expect(await readFile(at('secure-redis/conf/redis.conf'), 'utf8')).to.include('maxmemory "300mb"')
  })

  it('says in each file the command that wrote it, and that command writes the same @once', async () => {
    await run('init --settings other.env --out deploy')
    const header = (await readFile(at('deploy/conf/redis.conf'), 'utf8')).split('\n')[1] ?? ''
    expect(header).to.equal(
      '# Written by: npx secure-cache generate-config --out deploy --settings other.env',
    )
    const before = await contentsOf(at('deploy'))
    const words = header.replace('# Written by: npx secure-cache ', '')
    expect((await run(words)).stdout).to.equal('')
    expect(await contentsOf(at('deploy'))).to.deep.equal(before)
  })

  it('notes that the environment file is not in .gitignore, until it is @once', async () => {
    expect((await run('init')).stderr).to.include('add .env to .gitignore')
    await rm(at('.env'))
    await writeFile(at('.gitignore'), 'node_modules\n.env\n')
    expect((await run('init --force')).code).to.equal(2)
    expect((await run('init --out again')).stderr).not.to.include('.gitignore')
  })

  it('harms nothing when it is killed at any file operation: the next run makes it whole @once', async () => {
    await run('init --target local')
    const own = parse(await readFile(at('.env'), 'utf8'))
    const changed = (step: number): Readonly<Record<string, string>> => ({
      REDIS_MAX_MEMORY: `${300 + step}mb`,
      REDIS_HEALTH_PASSWORD: `health-password-number-${step}-q8`,
    })
    const generate = async (step: number, dieAt: number): Promise<Finished> => {
      // So that a file of the project is among what changes together.
      await rm(at('.vscode/tasks.json'))
      return run('generate-config --target local', { env: changed(step), dieAt })
    }
    const operations = Number(/operations: (\d+)/.exec((await generate(0, 0)).stderr)?.[1])
    expect(operations).to.be.greaterThan(20)
    const moments = Array.from({ length: 8 }, (_, step) => 1 + Math.round((step * (operations - 1)) / 7))
    for (const [step, dieAt] of moments.entries()) {
      const killed = await generate(step + 1, dieAt)
      expect(killed.code, `${dieAt} of ${operations}: ${killed.stderr}`).to.equal(null)
      // Whatever was replaced before the kill is whole; what belongs together may still be under way.
      for (const [path, text] of await contentsOf(folder.path)) {
        if (!path.includes('.pending')) expect(text, path).to.match(/\n$/)
      }
      // A lock counts for five seconds after its owner died.
      const past = new Date(Date.now() - 60_000)
      if (existsSync(at('secure-redis/.lock'))) await utimes(at('secure-redis/.lock'), past, past)
      await generateConfig({
        settings: readSettings({ env: { ...own, ...changed(step + 1) }, purpose: 'generator' }),
        out: at('secure-redis'),
        target: 'local',
        command: 'npx secure-cache generate-config --target local',
        project: { folder: folder.path, generateWords: ['--target', 'local'], force: false },
      })
      const whole = await contentsOf(at('secure-redis'))
      expect(misfits(whole), String(dieAt)).to.deep.equal([])
      expect(whole.get('conf/redis.conf'), String(dieAt)).to.include(`maxmemory "${300 + step + 1}mb"`)
      expect([...whole.keys()].filter((path) => /^\.(?:pending|lock)/.test(path))).to.deep.equal([])
      expect(existsSync(at('.vscode/tasks.json')), String(dieAt)).to.equal(true)
    }
  }).timeout(180_000)
})
