import { expect } from 'chai'
import { describe, it } from 'mocha'
import {
  COMPLETE,
  DEVELOPMENT,
  KEY,
  PASSWORD,
  expectProblems,
  problems,
  read,
  warningsOf,
} from '../../support/settings-cases.js'

describe('settings in production', () => {
  it('accepts an ACL password and a key, with TLS on and everything else by default', () => {
    const settings = read(COMPLETE)
    expect(settings).to.include({ environment: 'production', devMode: false, backend: 'redis' })
    expect(settings.redis).to.deep.include({
      topology: 'standalone',
      host: 'redis',
      port: 6379,
      authentication: 'acl',
      username: 'cache_service',
      keyPrefix: 'ai_cache:',
      connectTimeoutMs: 2000,
    })
    expect(settings.redis.password?.reveal()).to.equal(PASSWORD)
    expect(settings.redis.tls).to.include({ profile: 'modern', verify: true })
    expect(settings.encryption.enabled).to.equal(true)
    expect(settings.encryption.key?.reveal()).to.equal(KEY)
    expect(settings.cache).to.include({
      ttlSeconds: 3600,
      timeoutMs: 250,
      maxValueBytes: 1_048_576,
      memoryMaxBytes: 67_108_864,
      readMode: 'strict',
      keyNames: 'plain',
      onFailure: 'degrade',
    })
    expect(settings.security).to.include({
      authFailuresPerHour: 10,
      encryptionErrorsPerHour: 5,
      connectionFailuresPerHour: 20,
      eventBuffer: 1000,
      watchInterval: 30,
      alertWebhookAllowPrivate: false,
    })
    expect(settings.server).to.deep.equal({
      protectedMode: true,
      bindAddress: '0.0.0.0',
      maxMemory: '256mb',
      maxMemoryBytes: 268_435_456,
      version: 'auto',
      topology: 'standalone',
      profile: 'cache',
      extraRoles: [],
    })
    expect(settings.warnings).to.deep.equal([])
  })

  for (const name of ['PRODUCTION', ' production ', 'prod']) {
    it(`takes NODE_ENV=${JSON.stringify(name)} for production`, () => {
      expect(read({ ...COMPLETE, NODE_ENV: name }).environment).to.equal('production')
    })
  }

  it('asks for a password and a key, without advising what production refuses', () => {
    const found = problems({ NODE_ENV: 'production', REDIS_HOST: 'redis' })
    expectProblems(found, [
      ['REDIS_CACHE_PASSWORD', 'required'],
      ['REDIS_ENCRYPTION_KEY', 'openssl rand -hex 32'],
    ])
    expect(found.map(({ message }) => message).join()).to.not.include('DEV_MODE')
  })

  it('refuses development mode', () => {
    expectProblems(problems({ ...COMPLETE, REDIS_DEV_MODE: 'yes' }), [['REDIS_DEV_MODE', 'refused']])
  })

  it('refuses the memory backend, named or by nothing set', () => {
    expectProblems(problems({ NODE_ENV: 'production' }), [['CACHE_BACKEND', 'refused']])
    expectProblems(problems({ NODE_ENV: 'production', CACHE_BACKEND: 'memory' }), [
      ['CACHE_BACKEND', 'refused'],
    ])
    expectProblems(problems({ NODE_ENV: 'production' }, { backend: 'memory' }), [
      ['options.backend', 'refused'],
    ])
  })

  it('allows the memory backend by CACHE_UNSAFE_MEMORY alone, without a key, and warns', () => {
    const settings = read({ NODE_ENV: 'production', CACHE_UNSAFE_MEMORY: 'true', CACHE_BACKEND: 'memory' })
    expect(settings.backend).to.equal('memory')
    expect(settings.warnings).to.have.length(1)
    expect(settings.warnings[0]).to.include({ variable: 'CACHE_UNSAFE_MEMORY', insecure: true })
  })

  it('refuses a key that is a pattern or readable text', () => {
    const text = Buffer.from('my-super-secret-key-32-bytes-ok!').toString('base64')
    expectProblems(problems({ ...COMPLETE, REDIS_ENCRYPTION_KEY: text }), [
      ['REDIS_ENCRYPTION_KEY', 'random'],
    ])
    expectProblems(problems({ ...COMPLETE, REDIS_ENCRYPTION_ACCEPTED_KEYS: text }), [
      ['REDIS_ENCRYPTION_ACCEPTED_KEYS', 'random'],
    ])
    const elsewhere = read({ ...COMPLETE, NODE_ENV: 'staging', REDIS_ENCRYPTION_KEY: text })
    expect(elsewhere.warnings).to.have.length(1)
    expect(elsewhere.warnings[0]).to.include({ variable: 'REDIS_ENCRYPTION_KEY', insecure: true })
  })

  it('is recognised by the process where the given environment does not say', () => {
    const usual = process.env['NODE_ENV']
    process.env['NODE_ENV'] = 'production'
    try {
      expectProblems(problems(false, { backend: 'memory' }), [['options.backend', 'refused']])
      expectProblems(problems({ REDIS_DEV_MODE: '1', REDIS_HOST: 'x' }), [['REDIS_DEV_MODE', 'refused']])
      expect(read({ NODE_ENV: 'test' }, { backend: 'memory' }).environment).to.equal('test')
    } finally {
      if (usual === undefined) delete process.env['NODE_ENV']
      else process.env['NODE_ENV'] = usual
    }
  })
})

describe('settings outside production', () => {
  it("needs nothing for a user's own tests on the memory backend", () => {
    const settings = read(false, { backend: 'memory' })
    expect(settings).to.include({ backend: 'memory', devMode: false })
    expect(settings.encryption).to.include({ enabled: true, key: undefined })
    expect(settings.warnings).to.deep.equal([])
  })

  it('asks for password, TLS and key all the same', () => {
    for (const NODE_ENV of ['development', 'test', 'staging', '']) {
      expectProblems(problems({ NODE_ENV, REDIS_HOST: 'redis', REDIS_TLS_ENABLED: 'false' }), [
        ['REDIS_CACHE_PASSWORD', 'REDIS_DEV_MODE=true'],
        ['REDIS_ENCRYPTION_KEY', 'REDIS_DEV_MODE=true'],
        ['REDIS_TLS_ENABLED', 'REDIS_DEV_MODE=true'],
      ])
    }
  })

  it('falls back to memory where nothing is configured, and says so', () => {
    const settings = read({ NODE_ENV: 'development' })
    expect(settings.backend).to.equal('memory')
    expect(warningsOf(settings)).to.deep.equal(['CACHE_BACKEND'])
  })

  for (const [name, value] of [
    ['REDIS_URL', `rediss://:${PASSWORD}@redis`],
    ['REDIS_HOST', 'redis'],
    ['REDIS_PASSWORD', PASSWORD],
    ['REDIS_CACHE_PASSWORD', PASSWORD],
  ] as const) {
    it(`takes ${name} for the wish to use Redis`, () => {
      const env = { NODE_ENV: 'test', REDIS_DEV_MODE: '1', [name]: value }
      expect(read(env).backend).to.equal('redis')
      expect(read({ ...env, CACHE_BACKEND: 'memory' }).backend).to.equal('memory')
    })
  }

  it('development mode needs neither TLS nor password nor key, and says that it is on', () => {
    const settings = read(DEVELOPMENT)
    expect(settings).to.include({ devMode: true, backend: 'redis' })
    expect(settings.redis).to.include({ authentication: 'none', tls: undefined })
    expect(settings.encryption).to.include({ enabled: true, key: undefined })
    expect(settings.warnings).to.have.length(1)
    expect(settings.warnings[0]).to.include({ variable: 'REDIS_DEV_MODE', insecure: false })
  })

  it('development mode warns of short and published passwords', () => {
    const settings = read({ ...DEVELOPMENT, REDIS_PASSWORD: 'foobared' })
    expect(settings.redis.password?.reveal()).to.equal('foobared')
    expect(warningsOf(settings)).to.deep.equal(['REDIS_DEV_MODE', 'REDIS_PASSWORD'])
  })

  it('development mode has TLS where it is asked for', () => {
    expect(read({ ...DEVELOPMENT, REDIS_TLS_ENABLED: 'true' }).redis.tls).to.include({ verify: true })
    expect(read({ NODE_ENV: 'test', REDIS_DEV_MODE: '1', REDIS_URL: 'rediss://x' }).redis.tls).to.not.equal(
      undefined,
    )
  })
})

describe('settings of a sealer', () => {
  it('ask for a key and for nothing of a store', () => {
    const sealer = { purpose: 'sealer' } as const
    expectProblems(problems({ NODE_ENV: 'production' }, undefined, sealer), [
      ['REDIS_ENCRYPTION_KEY', 'tomorrow'],
    ])
    expect(
      read({ NODE_ENV: 'production', REDIS_ENCRYPTION_KEY: KEY }, undefined, sealer).warnings,
    ).to.deep.equal([])
    expect(read({ NODE_ENV: 'test', REDIS_DEV_MODE: '1' }, undefined, sealer).encryption.key).to.equal(
      undefined,
    )
  })
})
