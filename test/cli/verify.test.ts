import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { readSettings } from '../../lib/settings/read.js'
import { checklist, isFit, type ChecklistLine } from '../../lib/verify/checklist.js'
import { lookAtSetup } from '../../lib/verify/look.js'
import { secureCache } from '../support/command-line.js'
import { ADMIN, connectWith } from '../support/generated-client.js'
import { bootGenerated, type BootedFolder, type Overrides } from '../support/generated-folder.js'
import { startRedis, type RunningRedis } from '../support/redis-server.js'
import { makeCertificates } from '../support/test-certificates.js'

const LINES = [
  'passwords',
  'environment',
  'connectivity',
  'tls',
  'encryption',
  'acl',
  'monitoring',
  'documentation',
]

/** The same judgement as the command's, without a process for each. */
async function judged(env: Overrides): Promise<readonly ChecklistLine[]> {
  const settings = readSettings({ env: { NODE_ENV: 'production', ...env } })
  return checklist({ trustsAnybody: false, seen: await lookAtSetup(settings) })
}

function line(lines: readonly ChecklistLine[], id: string): ChecklistLine {
  const found = lines.find((entry) => entry.id === id)
  if (found === undefined) throw new Error(`no line ${id}`)
  return found
}

function states(lines: readonly ChecklistLine[]): Readonly<Record<string, string>> {
  return Object.fromEntries(lines.map(({ id, state }) => [id, state]))
}

describe('secure-cache verify', function () {
  this.timeout(90_000)
  let booted: BootedFolder
  let open: RunningRedis
  let plain: RunningRedis

  before(async () => {
    ;[booted, open, plain] = await Promise.all([
      bootGenerated(),
      startRedis({ access: 'none' }),
      startRedis({ transport: 'plain' }),
    ])
  })
  after(() => Promise.all([booted.stop(), open.stop(), plain.stop()]))

  /** What of a generated setup must never be shown. */
  async function secrets(): Promise<readonly string[]> {
    const names = [
      'cache_password',
      'monitor_password',
      'maintenance_password',
      'encryption_key',
      'status_token',
    ]
    const texts = await Promise.all(names.map((name) => readFile(join(booted.out, 'app', name), 'utf8')))
    return texts.map((text) => text.trim())
  }

  it('passes every line of a generated setup, and writes down what it found', async () => {
    const words = ['verify', '--settings', '.env.production', '--record', 'found.json']
    const { code, stdout, stderr } = await secureCache(words, { cwd: booted.out })
    const shown = stdout.split('\n').filter((text) => /^\S/.test(text))
    expect(shown.map((text) => text.split(/\s+/)[1])).to.deep.equal(LINES)
    // Nobody is told of alerts by default: the one thing that is left to the operator.
    expect(shown.filter((text) => !text.startsWith('pass')).map((text) => text.slice(0, 22))).to.deep.equal([
      'warn    monitoring    ',
    ])
    expect(code).to.equal(0)
    const record = await readFile(join(booted.out, 'found.json'), 'utf8')
    const { fit, lines } = JSON.parse(record) as { fit: boolean; lines: ChecklistLine[] }
    expect(fit).to.equal(true)
    expect(line(lines, 'connectivity').observed).to.match(/connected, Redis \d+\.\d+/)
    for (const secret of await secrets()) expect(stdout + stderr + record).not.to.include(secret)
  })

  it('has JSON with the same lines, and exit code 1 where one fails @once', async () => {
    const env = { ...booted.env, REDIS_CACHE_PASSWORD: 'changeme', NODE_ENV: 'production' }
    const { code, stdout } = await secureCache(['verify', '--json'], { cwd: booted.out, env })
    const { fit, lines } = JSON.parse(stdout) as { fit: boolean; lines: ChecklistLine[] }
    expect(lines.map(({ id }) => id)).to.deep.equal(LINES)
    expect(states(lines)).to.include({ passwords: 'fail', tls: 'unknown', documentation: 'pass' })
    expect([fit, code]).to.deep.equal([false, 1])
    expect(stdout).not.to.include('changeme')
  })

  it('says what is wrong with the file itself, and with a record that cannot be written @once', async () => {
    const file = join(booted.out, 'loose.env')
    await writeFile(file, await readFile(join(booted.out, '.env.production'), 'utf8'))
    await chmod(file, 0o644)
    const words = ['verify', '--json', '--settings', file, '--record', join('nowhere', 'found.json')]
    const env = { NODE_TLS_REJECT_UNAUTHORIZED: '0' }
    const { code, stdout } = await secureCache(words, { cwd: booted.out, env })
    const { lines } = JSON.parse(stdout) as { lines: ChecklistLine[] }
    expect(line(lines, 'environment').observed).to.match(/NODE_TLS_REJECT_UNAUTHORIZED=0.*mode 0644/)
    expect(line(lines, 'documentation')).to.include({ state: 'fail' })
    expect(line(lines, 'documentation').remedy).to.include('--record')
    // Our own connection checks certificates all the same.
    expect(line(lines, 'tls').state).to.equal('pass')
    expect(code).to.equal(1)
  })

  it('is wrong use without settings @once', async () => {
    const { code, stderr } = await secureCache(['verify'], { cwd: booted.out })
    expect([code, stderr.split('\n')[0]]).to.deep.equal([2, 'error: there are no settings to verify'])
  })

  it('fails passwords where the server asks for none', async () => {
    const lines = await judged(open.env)
    expect(line(lines, 'passwords').state).to.equal('fail')
    expect(line(lines, 'passwords').remedy).to.include('REDIS_CACHE_PASSWORD')
    expect(line(lines, 'acl').observed).to.include('CONFIG GET')
    expect(isFit(lines)).to.equal(false)
  })

  it('fails passwords where one of several logins is refused', async () => {
    const lines = await judged({ ...booted.env, REDIS_MAINTENANCE_PASSWORD: 'n0t-the-right-one-at-all' })
    expect(line(lines, 'passwords').observed).to.include('maintenance was not accepted (ERR_REDIS_WRONGPASS)')
    expect(line(lines, 'passwords').remedy).to.include('REDIS_MAINTENANCE_PASSWORD')
    expect(states(lines)).to.include({ passwords: 'fail', tls: 'pass', encryption: 'pass' })
  })

  it('fails TLS and connectivity on a plaintext port', async () => {
    const lines = await judged(plain.env)
    expect(states(lines)).to.include({ tls: 'fail', connectivity: 'fail', environment: 'fail' })
    expect(line(lines, 'connectivity').observed).to.include('answers without TLS')
  })

  it('fails TLS where another authority is trusted', async () => {
    const other = await makeCertificates()
    const { REDIS_TLS_CA_FILE: _file, ...env } = booted.env
    const lines = await judged({ ...env, REDIS_TLS_CA: other.authority.certPem })
    expect(states(lines)).to.include({ tls: 'fail', connectivity: 'fail', encryption: 'unknown' })
    expect(line(lines, 'tls').observed).to.include('ERR_TLS_UNKNOWN_CA')
  })

  it('fails encryption where values rest in clear', async () => {
    const { REDIS_ENCRYPTION_KEY: _key, ...env } = booted.env
    const lines = await judged({ ...env, CACHE_UNSAFE_NO_ENCRYPTION: 'true' })
    expect(states(lines)).to.include({ encryption: 'fail', environment: 'fail', tls: 'pass' })
  })

  it('fails access where the user of the application may do anything', async () => {
    const admin = await connectWith(booted, ADMIN)
    try {
      await admin.call('ACL', 'SETUSER', 'cache_service', '+@all', '~*')
      const lines = await judged(booted.env)
      expect(line(lines, 'acl').state).to.equal('fail')
      expect(line(lines, 'acl').observed).to.match(/CONFIG GET, ACL LIST, DBSIZE, GET of a key of others/)
      expect(states(lines)).to.include({ passwords: 'pass', encryption: 'pass' })
      await admin.call('ACL', 'LOAD')
    } finally {
      admin.disconnect()
    }
  })

  it('fails the environment of development, and monitoring without a token or a watcher', async () => {
    const { SECURITY_STATUS_TOKEN: _token, REDIS_MONITOR_PASSWORD: _monitor, ...env } = booted.env
    const lines = await judged({ ...env, NODE_ENV: 'development' })
    expect(states(lines)).to.include({ environment: 'fail', monitoring: 'fail', tls: 'pass' })
    expect(line(lines, 'environment').remedy).to.include('NODE_ENV=production')
    expect(line(lines, 'monitoring').observed).to.match(/no token; what others do/)
    expect(line(lines, 'monitoring').remedy).to.match(/SECURITY_STATUS_TOKEN.*REDIS_MONITOR_PASSWORD/)
  })

  it('ends also where the server hangs, and knows nothing then @once', async () => {
    process.kill(booted.server.pid, 'SIGSTOP')
    try {
      const lines = await judged(booted.env)
      expect(states(lines)).to.deep.include({ connectivity: 'fail', encryption: 'unknown', acl: 'unknown' })
      expect(isFit(lines)).to.equal(false)
    } finally {
      process.kill(booted.server.pid, 'SIGCONT')
    }
  })
})
