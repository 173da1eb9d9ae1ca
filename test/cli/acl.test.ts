import { readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Redis } from 'ioredis'
import { after, before, describe, it } from 'mocha'
import { secureCache, type Finished } from '../support/command-line.js'
import { ADMIN, APPLICATION, connectWith, outcomeOf } from '../support/generated-client.js'
import { bootGenerated, type BootedFolder } from '../support/generated-folder.js'
import { bootTopology, type BootedTopology } from '../support/generated-topology.js'

describe('secure-cache acl', function () {
  // Processes one after the other, on a machine that may be busy.
  this.timeout(240_000)
  let booted: BootedFolder
  let admin: Redis

  before(async () => {
    booted = await bootGenerated()
    admin = await connectWith(booted, ADMIN)
  })
  after(async () => {
    admin.disconnect()
    await booted.stop()
  })

  const run = (...words: string[]): Promise<Finished> =>
    secureCache(['acl', ...words, '--out', booted.out], { cwd: booted.out, env: booted.env })

  it('finds nothing to change on a server that runs from the generated files, and proves every user', async () => {
    const [plan, verify] = await Promise.all([run('plan'), run('verify')])
    expect(plan.code, plan.stderr).to.equal(0)
    expect(plan.stdout).to.equal('')
    expect(verify.code, verify.stdout + verify.stderr).to.equal(0)
    expect(verify.stdout).to.match(/cache_service: right \(\d{3} commands tried\)/)
    expect(verify.stdout).to.include('maintenance: logs in').and.to.include('without a login: refused')
  })

  it('plans and proves without the admin, as an auditor who can change nothing @once', async () => {
    const { REDIS_PASSWORD: _admin, ...env } = booted.env
    const file = join(booted.out, 'operator', 'admin_password')
    await rename(file, `${file}.away`)
    try {
      const without = (command: string): Promise<Finished> =>
        secureCache(['acl', command, '--out', booted.out], { cwd: booted.out, env })
      const [plan, verify, apply] = await Promise.all(['plan', 'verify', 'apply'].map(without))
      expect([plan?.code, plan?.stdout], plan?.stderr).to.deep.equal([0, ''])
      expect(verify?.code, verify?.stderr).to.equal(0)
      expect(verify?.stdout).to.match(/^admin: right \(\d{3} commands tried\)$/m)
      expect(verify?.stdout).to.include('auditor: logs in').and.not.to.include('admin: logs in')
      expect(apply?.code).to.equal(2)
      expect(apply?.stderr).to.include('the password of the admin is not here')

      // What the live server says of an auditor that is another is found out all the same, by the admin.
      await admin.call('ACL', 'SETUSER', 'auditor', '-acl|list')
      const refused = await without('plan')
      expect([refused.code, refused.stdout]).to.deep.equal([1, ''])
      expect(refused.stderr).to.include('acl|list')
    } finally {
      await rename(`${file}.away`, file)
    }
    const found = await run('plan')
    expect([found.code, found.stdout]).to.deep.equal([1, 'auditor: different\n  gains +acl|list\n'])
    expect((await run('apply')).code).to.equal(0)
  })

  it('plans, applies without ending a session, and leaves what it was not told to delete @once', async () => {
    await admin.call('ACL', 'SETUSER', 'cache_service', '+flushall', '-get')
    await admin.call('ACL', 'SETUSER', 'stranger', 'on', 'nopass', '~*', '+@all')
    const session = await connectWith(booted, APPLICATION)
    const plan = await run('plan')
    expect(plan.code).to.equal(1)
    expect(plan.stdout).to.include('cache_service: different\n  gains +get\n  loses +flushall')
    expect(plan.stdout).to.include('stranger: extra')
    const verify = await run('verify')
    expect(verify.code).to.equal(1)
    expect(verify.stdout)
      .to.include('denied, and needed: get')
      .and.to.include('allowed, and not generated: flushall')
      .and.to.include(
        'stranger: wrong\n  was not generated\n  asks for no password\n  may send every command',
      )
    const apply = await run('apply')
    expect(apply.code, apply.stderr).to.equal(0)
    expect(apply.stderr).to.include('stranger was not generated and stays')
    expect(await session.get('ai_cache::x')).to.equal(null)
    session.disconnect()
    expect(await admin.call('ACL', 'USERS')).to.include('stranger')
    expect((await run('apply', '--prune')).code).to.equal(0)
    expect(await admin.call('ACL', 'USERS')).to.not.include('stranger')
    expect((await run('plan')).code).to.equal(0)
  })

  it('rotates a password: both count, then one, and its sessions end', async () => {
    const file = join(booted.out, 'app', 'cache_password')
    const old = await readFile(file, 'utf8')
    const session = await connectWith(booted, APPLICATION)
    const closed = new Promise((resolve) => session.once('close', resolve))
    const { REDIS_CACHE_PASSWORD: _given, ...others } = booted.env
    const env = { ...others, REDIS_CACHE_PASSWORD_FILE: file }
    const rotate = (...more: string[]): Promise<Finished> =>
      secureCache(['acl', 'rotate-password', 'cache', '--out', booted.out, ...more], { cwd: booted.out, env })
    const first = await rotate()
    expect(first.code, first.stderr).to.equal(0)
    const next = await readFile(file, 'utf8')
    expect(next).to.not.equal(old)
    expect((await stat(file)).mode & 0o777).to.equal(0o600)
    expect(await outcomeOf(booted, APPLICATION, (client) => client.ping())).to.equal('PONG')
    expect(await session.ping()).to.equal('PONG')
    const users = await readFile(join(booted.out, 'conf', 'users.acl'), 'utf8')
    expect(users).to.match(/^user cache_service on #[0-9a-f]{64} #[0-9a-f]{64} ~/m)

    const twice = await rotate()
    expect(twice.code).to.equal(1)
    expect(twice.stderr).to.include('takes 2 passwords already')
    expect(await readFile(file, 'utf8'), 'the password stays').to.equal(next)
    const second = await rotate('--finish')
    expect(second.code, second.stderr).to.equal(0)
    await closed
    expect(await admin.call('ACL', 'GETUSER', 'cache_service')).to.satisfy(
      (reply: unknown[]) => (reply[3] as unknown[]).length === 1,
    )
    expect(await outcomeOf(booted, APPLICATION, (client) => client.ping())).to.equal('PONG')
    const said = [first, second].map(({ stdout, stderr }) => stdout + stderr).join()
    expect(said).to.not.include(old.trim()).and.to.not.include(next.trim())
    // What the folder says agrees with what is live.
    const plan = await secureCache(['acl', 'plan', '--out', booted.out], { cwd: booted.out, env })
    expect(plan.code, plan.stdout + plan.stderr).to.equal(0)
  })

  it('says what is missing: the output, the password of the admin, a role of that name @once', async () => {
    const elsewhere = await secureCache(['acl', 'plan', '--out', join(booted.out, 'none')], {
      cwd: booted.out,
      env: booted.env,
    })
    expect(elsewhere.code).to.equal(2)
    expect(elsewhere.stderr).to.include('there is no conf/users.acl')
    const unknown = await run('rotate-password', 'nobody')
    expect(unknown.code).to.equal(2)
    expect(unknown.stderr).to.include('roles: cache, maintenance')
  })
})

describe('secure-cache acl on a primary, its replicas and their Sentinels', function () {
  this.timeout(240_000)
  let booted: BootedTopology

  before(async () => {
    booted = await bootTopology({ topology: 'sentinel', profile: 'cache', environment: 'production' })
  })
  after(() => booted.stop())

  const run = (...words: string[]): Promise<Finished> =>
    secureCache(['acl', ...words, '--out', booted.out], { cwd: booted.out, env: booted.env })

  it('looks at all of them, and gives each a new password @once', async () => {
    const [plan, refused] = await Promise.all([run('plan'), run('rotate-password', 'replica')])
    expect(plan.code, plan.stdout + plan.stderr).to.equal(0)
    expect(plan.stderr).to.include(', on 6 servers')
    expect(refused.code).to.equal(2)
    expect(refused.stderr).to.include('the servers log in to each other')
    const rotated = await run('rotate-password', 'cache')
    expect(rotated.code, rotated.stdout + rotated.stderr).to.equal(0)
    expect(rotated.stdout).to.include('takes two passwords now, on 6 servers')
    const finished = await run('rotate-password', 'cache', '--finish')
    expect(finished.code, finished.stdout + finished.stderr).to.equal(0)
    const [one, verified] = await Promise.all([run('plan', '--one', '--json'), run('verify')])
    expect(one.code, one.stdout + one.stderr).to.equal(0)
    expect(JSON.parse(one.stdout)).to.have.property('servers').with.length(1)
    expect(verified.code, verified.stdout + verified.stderr).to.equal(0)
    expect(verified.stdout.match(/^cache_service: logs in$/gm)).to.have.length(6)
  })
})
