import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { createAuthority, issueCertificate } from '../../../generators/certificates.js'
import { readSettings } from '../../../lib/settings/read.js'
import {
  COMPLETE,
  KEY,
  PASSWORD,
  errorOf,
  expectProblems,
  problems,
  read,
  warningsOf,
} from '../../support/settings-cases.js'

describe('files of settings', () => {
  let folder: string
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'canary-path-'))
  })
  after(() => rmSync(folder, { recursive: true }))

  it('gives the value of every variable by the content of NAME_FILE', () => {
    const settings = read({
      NODE_ENV: 'production',
      REDIS_CACHE_PASSWORD_FILE: file('password', `${PASSWORD}\n`),
      REDIS_ENCRYPTION_KEY_FILE: file('key', KEY),
      REDIS_PORT_FILE: file('port', '6380\n'),
    })
    expect(settings.redis).to.include({ port: 6380 })
    expect(settings.redis.password?.reveal()).to.equal(PASSWORD)
    expect(settings.encryption.key?.reveal()).to.equal(KEY)
  })

  it('names the _FILE variable where its content is wrong, without path and content', () => {
    const error = errorOf({
      ...COMPLETE,
      REDIS_CACHE_PASSWORD: '',
      REDIS_CACHE_PASSWORD_FILE: file('short', 'canary'),
    })
    expectProblems(error.problems, [['REDIS_CACHE_PASSWORD_FILE', 'got 6']])
    expect(error.message).to.not.include('canary')
  })

  it('refuses a variable beside its file, and reports a missing file once', () => {
    expectProblems(problems({ ...COMPLETE, REDIS_CACHE_PASSWORD_FILE: file('password', PASSWORD) }), [
      ['REDIS_CACHE_PASSWORD', 'REDIS_CACHE_PASSWORD_FILE is set as well'],
    ])
    const missing = {
      ...COMPLETE,
      REDIS_ENCRYPTION_KEY: undefined,
      REDIS_ENCRYPTION_KEY_FILE: join(folder, 'none'),
    }
    expectProblems(problems(missing), [['REDIS_ENCRYPTION_KEY_FILE', 'does not exist']])
    expect(errorOf(missing).message).to.not.include('canary-path')
  })

  it('counts an empty variable as absent, and warns of an empty file', () => {
    expect(read({ ...COMPLETE, REDIS_PORT: '', REDIS_PORT_FILE: file('port', '6380') }).redis.port).to.equal(
      6380,
    )
    const settings = read({ ...COMPLETE, SECURITY_STATUS_TOKEN_FILE: file('empty', '\n') })
    expect(settings.security.statusToken).to.equal(undefined)
    expect(warningsOf(settings)).to.deep.equal(['SECURITY_STATUS_TOKEN_FILE'])
  })

  it('opens no file whose variable an option replaces', () => {
    const env = {
      ...COMPLETE,
      REDIS_ENCRYPTION_KEY: undefined,
      REDIS_ENCRYPTION_KEY_FILE: join(folder, 'none'),
    }
    expect(read(env, { encryption: { key: KEY } }).encryption.key?.reveal()).to.equal(KEY)
  })

  it('lets the generator read settings before the TLS files exist, and nobody else', () => {
    const env = {
      ...COMPLETE,
      REDIS_TLS_CA_FILE: join(folder, 'ca.crt'),
      REDIS_TLS_CERT_FILE: join(folder, 'client.crt'),
      REDIS_TLS_KEY_FILE: join(folder, 'client.key'),
    }
    expect(read(env, undefined, { purpose: 'generator' }).redis.tls).to.include({
      ca: undefined,
      key: undefined,
    })
    expectProblems(problems(env), [
      ['REDIS_TLS_CA_FILE', 'does not exist'],
      ['REDIS_TLS_CERT_FILE', 'does not exist'],
      ['REDIS_TLS_KEY_FILE', 'does not exist'],
    ])
    const secret = { ...COMPLETE, REDIS_PASSWORD_FILE: join(folder, 'none') }
    expectProblems(problems(secret, undefined, { purpose: 'generator' }), [
      ['REDIS_PASSWORD_FILE', 'does not exist'],
    ])
  })

  it('reads TLS material from files, and refuses a key that belongs to another certificate', async () => {
    const authority = await createAuthority({ commonName: 'test' })
    const issue = () => issueCertificate(authority, { role: 'client', commonName: 'app', names: ['app'] })
    const [one, other] = [await issue(), await issue()]
    const env = {
      ...COMPLETE,
      REDIS_TLS_CA_FILE: file('ca.crt', authority.certPem),
      REDIS_TLS_CERT_FILE: file('app.crt', one.certPem),
    }
    const tls = read({ ...env, REDIS_TLS_KEY_FILE: file('app.key', one.keyPem) }, undefined, {
      now: Date.now,
    }).redis.tls
    expect(tls?.ca).to.include('BEGIN CERTIFICATE')
    expect(tls?.key?.reveal()).to.include('PRIVATE KEY')
    expectProblems(problems({ ...env, REDIS_TLS_KEY: other.keyPem }), [['REDIS_TLS_KEY', 'not the key of']])
    expectProblems(problems(env), [['REDIS_TLS_CERT_FILE', 'belong together']])
    const late = read({ ...env, REDIS_TLS_KEY: one.keyPem }, undefined, { now: () => Date.UTC(2100, 0, 1) })
    expect(warningsOf(late)).to.deep.equal(['REDIS_TLS_CERT_FILE'])
  })
})

describe('names of settings', () => {
  it('accepts the synonym of the accepted keys, and not both', () => {
    const env = { ...COMPLETE, REDIS_ENCRYPTION_PREVIOUS_KEYS: KEY }
    expect(read(env).encryption.acceptedKeys).to.have.length(1)
    expectProblems(problems({ ...env, REDIS_ENCRYPTION_ACCEPTED_KEYS: KEY }), [
      ['REDIS_ENCRYPTION_ACCEPTED_KEYS', 'REDIS_ENCRYPTION_PREVIOUS_KEYS'],
    ])
  })

  it('warns of an unknown name and starts', () => {
    expect(warningsOf(read({ ...COMPLETE, REDIS_PASSWROD: 'x', PATH: '/bin' }))).to.deep.equal([
      'REDIS_PASSWROD',
    ])
  })

  it('ignores what Kubernetes puts into REDIS_PORT, and says what to do', () => {
    const settings = read({
      ...COMPLETE,
      REDIS_PORT: 'tcp://10.0.0.1:6379',
      REDIS_SERVICE_HOST: '10.0.0.1',
    })
    expect(settings.redis.port).to.equal(6379)
    expect(settings.warnings).to.have.length(1)
    expect(settings.warnings[0]?.message).to.include('enableServiceLinks: false')
    const url = { ...COMPLETE, REDIS_URL: 'rediss://redis:6380', REDIS_PORT: 'tcp://10.0.0.1:6379' }
    expect(read(url).redis.port).to.equal(6380)
  })

  it('reads own texts alone: nothing inherited, no number, no object', () => {
    const inherited = Object.create({ REDIS_PORT: '1' }) as Record<string, string>
    expect(read(Object.assign(inherited, COMPLETE)).redis.port).to.equal(6379)
    expectProblems(problems({ ...COMPLETE, REDIS_PORT: 6379 }), [['REDIS_PORT', 'string']])
    expectProblems(problems({ ...COMPLETE, REDIS_URL: { href: 'x' } }), [['REDIS_URL', 'string']])
  })

  it('reads process.env where no environment is given', () => {
    process.env['CACHE_TTL'] = '77'
    try {
      expect(readSettings({ options: { backend: 'memory' } }).cache.ttlSeconds).to.equal(77)
      expect(readSettings({ options: { backend: 'memory', env: false } }).cache.ttlSeconds).to.equal(3600)
      expect(
        readSettings({ options: { backend: 'memory', env: { CACHE_TTL: '5' } } }).cache.ttlSeconds,
      ).to.equal(5)
    } finally {
      delete process.env['CACHE_TTL']
    }
  })
})
