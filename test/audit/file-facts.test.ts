import { execFileSync } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import type { AuditReport } from '../../lib/audit/audit.js'
import { formatText } from '../../lib/audit/report.js'
import { seen, Workshop } from './workshop.js'

const KINDS = [
  'redis.conf',
  'sentinel.conf',
  'users.acl',
  '.env',
  'docker-compose.yml',
  'server.crt',
  'server.key',
  '.gitignore',
]
/** Far more than it takes, and far less than a reader that went wrong would. */
const MAX_SECONDS = 30

describe('a folder', () => {
  let workshop: Workshop

  beforeEach(async () => {
    workshop = await Workshop.create()
  })
  afterEach(() => workshop.close())

  async function checked(): Promise<AuditReport> {
    const started = performance.now()
    const report = await workshop.check()
    expect(performance.now() - started).to.be.below(MAX_SECONDS * 1000)
    return report
  }
  const remarks = (report: AuditReport): readonly string[] =>
    report.remarks.map(({ at, message }) => `${at.file}: ${message}`)

  const HOSTILE: Readonly<Record<string, Buffer>> = {
    nothing: Buffer.alloc(0),
    'NUL bytes': Buffer.alloc(70_000),
    'a byte-order mark': Buffer.from('\ufeffuser default off\nport 0\n'),
    'UTF-16': Buffer.from('\ufeffuser default off\nport 0\n', 'utf16le'),
    'bytes that are no UTF-8': Buffer.from([0xff, 0xfe, 0x80, 0x0a, 0xc3, 0x28, 0x0a, 0x22, 0xff]),
    'carriage returns': Buffer.from('user default off\r\nport 0\r\nA=1\r\na: b\r\n'),
    'one endless line': Buffer.alloc(200_000, 'a '),
    'a long run of digits': Buffer.from(`REDIS_PASSWORD=${'1'.repeat(100_000)}x\n`),
    quotes: Buffer.alloc(200_000, '"\''),
    parentheses: Buffer.alloc(200_000, 'user a (( '),
    colons: Buffer.alloc(200_000, 'a: '),
    dollars: Buffer.alloc(200_000, '${a:-${'),
    stars: Buffer.alloc(200_000, '*a'),
    'blank lines': Buffer.alloc(200_000, '\n'),
    dashes: Buffer.alloc(200_000, '-----BEGIN CERTIFICATE-----\n'),
    'escape codes': Buffer.from('\u001b]0;owned\u0007\u001b[2J\u202e user port 0'),
  }
  for (const [what, bytes] of Object.entries(HOSTILE)) {
    it(`of files that hold ${what} is checked without a crash or a hang`, async () => {
      for (const name of KINDS) await workshop.write(name, bytes)
      const report = await checked()
      expect(formatText(report)).not.to.match(/(?!\n)[\p{Cc}\p{Cf}]/u)
    })
  }

  it('of files that are too large is reported, not read', async () => {
    const large = Buffer.alloc(10 * 1024 * 1024, 'port 0\n')
    for (const name of KINDS) await workshop.write(name, large)
    const report = await checked()
    expect(remarks(report)).to.deep.equal([
      '.env: not checked: larger than 256 KiB',
      'docker-compose.yml: not checked: larger than 512 KiB',
      'redis.conf: not checked: larger than 1024 KiB',
      'sentinel.conf: not checked: larger than 1024 KiB',
      'server.crt: not checked: larger than 1024 KiB',
      'server.key: not checked: larger than 64 KiB',
      'users.acl: not checked: larger than 256 KiB',
    ])
  })

  it('with a file that cannot be read says so as an error', async function () {
    // Root may read everything.
    if (process.getuid?.() === 0) this.skip()
    await workshop.write('redis.conf', 'port 0\n', 0o000)
    expect(remarks(await checked())).to.deep.equal(['redis.conf: not checked: the file cannot be read'])
  })

  it('follows links inside it, and none that lead out, in a circle or nowhere', async () => {
    await workshop.write('real/users.acl', 'user default off\n')
    await mkdir(join(workshop.folder, 'links'))
    await symlink('../real/users.acl', join(workshop.folder, 'links', 'inside.acl'))
    await symlink('/etc/passwd', join(workshop.folder, 'links', 'outside.acl'))
    await symlink('circle.acl', join(workshop.folder, 'links', 'circle.acl'))
    await symlink('nowhere.acl', join(workshop.folder, 'links', 'nowhere.acl'))
    await symlink('..', join(workshop.folder, 'links', 'up'))
    const report = await checked()
    expect(report.findings).to.deep.equal([])
    expect(remarks(report)).to.deep.equal([
      'links/circle.acl: not checked: the file cannot be reached',
      'links/nowhere.acl: not checked: the file cannot be reached',
      'links/outside.acl: not checked: a symbolic link that leads out of the folder',
    ])
  })

  it('does not wait for a pipe', async function () {
    if (process.platform === 'win32') this.skip()
    execFileSync('mkfifo', [join(workshop.folder, 'redis.conf')])
    expect(remarks(await checked())).to.deep.equal(['redis.conf: not checked: this is no regular file'])
  })

  it('has a bound of depth and of files', async () => {
    await workshop.write(`${'d/'.repeat(12)}redis.conf`, 'port 0\n')
    expect(remarks(await checked())).to.deep.equal(['d/d/d/d/d/d/d/d/d: not checked: deeper than 8 folders'])
  })

  it('may have names that would forge a line or steer a terminal', async function () {
    if (process.platform === 'win32') this.skip()
    await workshop.write('x\nredis.conf:1:1: info: all is well\u001b[2J.acl', 'user a on\n')
    const text = formatText(await checked())
    expect(text.split('\n')).to.have.length(2)
    expect(text).to.match(/^x\\u\{a\}redis\.conf:1:1: info: all is well\\u\{1b\}\[2J\.acl:1:1: error: /)
  })

  it('is known by what its files are, not by every .conf there is', async () => {
    await workshop.write('nginx.conf', 'worker_processes 1;\nevents { }\n')
    await workshop.write('cache.conf', '# Redis 7.2\nmaxmemory 1gb\nport 0\nfoo 1\n')
    await workshop.write('.env.example', 'REDIS_PASSWORD=changeme\n')
    const report = await checked()
    expect(report.files).to.equal(1)
    expect(seen(report)).to.include('cache.conf:4:1 error [CFG-009]')
  })

  it('called redis holds files of other programs too', async () => {
    await workshop.write('redis/nginx.conf', 'worker_processes 1;\nevents { }\n')
    await workshop.write('redis/sysctl.conf', 'vm.overcommit_memory = 1\nnet.core.somaxconn = 512\n')
    await workshop.write('supervisor-redis.conf', '[program:redis]\ncommand=redis-server\n')
    await workshop.write('redis/network.conf', 'bind 10.0.0.1\nport 6379\n')
    expect(seen(await checked())).to.include('redis/network.conf:2:6 error [NET-001]')
    expect(await checked()).to.have.property('files', 1)
  })

  it('has files of Redis by whatever name that Redis includes', async () => {
    await workshop.write('redis.conf', 'include /etc/redis/local.conf\n')
    await workshop.write('local.conf', 'include more.conf\n')
    await workshop.write('more.conf', 'bind 10.0.0.1\nport 6379\n')
    const report = await checked()
    expect(remarks(report)).to.deep.equal([])
    expect(seen(report)).to.include('more.conf:2:6 error [NET-001]')
    expect(report.files).to.equal(3)
  })

  it('is judged with an error for an included file that is not there', async () => {
    await workshop.write('redis.conf', 'port 0\ninclude /etc/redis/local.conf\n')
    const { remarks: said } = await checked()
    expect(said.map(({ at, level }) => `${at.line}:${at.column} ${level}`)).to.deep.equal(['2:9 error'])
  })

  it('in a repository is judged by the .gitignore files above it', async () => {
    execFileSync('git', ['init', '-q', workshop.folder])
    await workshop.write('.gitignore', 'deploy/*.acl\n')
    await workshop.write('deploy/users.acl', 'user default off\n')
    await workshop.write('deploy/.env', 'NAME=value\n')
    const report = await workshop.check()
    expect(seen(report)).to.deep.equal(['deploy/.env:1:1 error [FIL-002]'])
  })

  it('is told a hundred times of the same thing, not more', async () => {
    await workshop.write('users.acl', `user default off\n${'# no comment\n'.repeat(150)}`)
    const { findings } = await checked()
    expect(findings).to.have.length(100)
    expect(findings.at(-1)?.message).to.match(/\(and 50 more like it in this file\)$/)
  })

  it('without repository and .gitignore has nothing that git could take', async () => {
    await workshop.write('.env', 'NAME=value\n')
    expect(seen(await checked())).to.deep.equal([])
  })

  describe('with an environment file', () => {
    it('hears what the settings would refuse, at the variable', async () => {
      await writeFile(
        join(workshop.folder, '.env'),
        'REDIS_HOST=redis\nREDIS_PORT=banana\nREDIS_TLS_ENABLD=true\n',
        { mode: 0o600 },
      )
      const report = await checked()
      const places = report.remarks.map(
        ({ at, level, message }) => `${at.line}:${at.column} ${level} ${message.split(':')[0] ?? ''}`,
      )
      expect(places).to.include('2:1 error REDIS_PORT')
      expect(formatText(report)).not.to.include('banana')
    })

    it('does not ask for what lies in files of another machine', async () => {
      await workshop.write('.env', 'REDIS_HOST=redis\nREDIS_CACHE_PASSWORD_FILE=/run/secrets/nowhere/cache\n')
      expect(remarks(await checked())).to.deep.equal([])
    })

    it('of another program has nothing to say', async () => {
      await workshop.write('.env', 'DATABASE_URL=postgres://x\n')
      expect(remarks(await checked())).to.deep.equal([])
    })
  })
})
