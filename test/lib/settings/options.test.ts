import { expect } from 'chai'
import { describe, it } from 'mocha'
import {
  COMPLETE,
  expectProblems,
  KEY,
  NOW,
  OTHER_PASSWORD,
  problems,
  read,
} from '../../support/settings-cases.js'

const logger = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** The environment sets everything otherwise than the options below. */
const ENVIRONMENT = {
  ...COMPLETE,
  REDIS_HOST: 'from-env',
  REDIS_PORT: '1111',
  REDIS_KEY_PREFIX: 'env:',
  CACHE_TTL: '11',
  CACHE_TIMEOUT_MS: '11',
  CACHE_MAX_VALUE_BYTES: '1111',
} as const

describe('options', () => {
  it('win over the environment, each by itself', () => {
    const settings = read(ENVIRONMENT, {
      redis: {
        host: 'from-code',
        port: 2222,
        username: 'shop',
        password: OTHER_PASSWORD,
        tls: { servername: 'x' },
      },
      encryption: { key: KEY.toUpperCase(), acceptedKeys: [KEY] },
      keyPrefix: 'code:',
      ttl: '15m',
      timeoutMs: 22,
      maxValueBytes: 2222,
      onFailure: 'throw',
      logger,
    })
    expect(settings.redis).to.include({ host: 'from-code', port: 2222, username: 'shop', keyPrefix: 'code:' })
    expect(settings.redis.password?.reveal()).to.equal(OTHER_PASSWORD)
    expect(settings.redis.tls).to.include({ servername: 'x' })
    expect(settings.encryption.key?.reveal()).to.equal(KEY.toUpperCase())
    expect(settings.encryption.acceptedKeys).to.have.length(1)
    expect(settings.cache).to.include({
      ttlSeconds: 900,
      timeoutMs: 22,
      maxValueBytes: 2222,
      onFailure: 'throw',
    })
  })

  it('leave to the environment what they do not say', () => {
    const settings = read(ENVIRONMENT, { redis: { port: 2222 } })
    expect(settings.redis).to.include({
      host: 'from-env',
      port: 2222,
      keyPrefix: 'env:',
      username: 'cache_service',
    })
    expect(settings.cache).to.include({ ttlSeconds: 11, timeoutMs: 11, maxValueBytes: 1111 })
  })

  it('count as absent where they are undefined', () => {
    const absent = {
      env: undefined,
      backend: undefined,
      redis: {
        url: undefined,
        host: undefined,
        port: undefined,
        username: undefined,
        password: undefined,
        tls: undefined,
      },
      encryption: { key: undefined, acceptedKeys: undefined, passphrase: undefined },
      keyPrefix: undefined,
      ttl: undefined,
      timeoutMs: undefined,
      maxValueBytes: undefined,
      onFailure: undefined,
      logger: undefined,
    }
    expect(read(ENVIRONMENT, absent)).to.deep.equal(read(ENVIRONMENT))
    expect(read(ENVIRONMENT, { redis: undefined, encryption: undefined })).to.deep.equal(read(ENVIRONMENT))
  })

  it('know times to live as calls do: null keeps values for ever', () => {
    expect(read(ENVIRONMENT, { ttl: null }).cache.ttlSeconds).to.equal(null)
    expect(read(ENVIRONMENT, { ttl: 0.5 }).cache.ttlSeconds).to.equal(0.5)
    expect(read(ENVIRONMENT, { ttl: '7d' }).cache.ttlSeconds).to.equal(604_800)
  })

  it('replace one way to find the server by another', () => {
    const byUrl = { ...COMPLETE, REDIS_URL: 'rediss://from-env:1111' }
    expect(read(ENVIRONMENT, { redis: { url: 'rediss://from-code' } }).redis).to.include({
      host: 'from-code',
      port: 6379,
    })
    expect(read(byUrl, { redis: { host: 'from-code' } }).redis).to.include({ host: 'from-code', port: 6379 })
    const sentinels = { ...COMPLETE, REDIS_SENTINELS: 's:1', REDIS_SENTINEL_NAME: 'x' }
    expect(read(sentinels, { redis: { host: 'from-code' } }).redis.topology).to.equal('standalone')
    expectProblems(problems(COMPLETE, { redis: { url: 'rediss://a', host: 'b' } }), [
      ['options.redis.url', 'Keep'],
    ])
  })

  it('take certificates for the wish to use TLS', () => {
    const env = { NODE_ENV: 'test', REDIS_DEV_MODE: '1', REDIS_HOST: 'x' }
    expect(read(env, { redis: { tls: {} } }).redis.tls).to.include({ verify: true })
    expect(read(env, { redis: { tls: true } }).redis.tls).to.include({ verify: true })
    expect(read(env, { redis: { tls: false } }).redis.tls).to.equal(undefined)
    expectProblems(problems(COMPLETE, { redis: { tls: false } }), [['options.redis.tls', 'TLS is required']])
    expectProblems(problems(COMPLETE, { redis: { url: 'rediss://x', tls: false } }), [
      ['options.redis.tls', 'scheme'],
    ])
  })

  for (const [option, meant] of [
    [{ onFialure: 'throw' }, ['options.onFialure', 'did you mean onFailure?']],
    [{ TTL: 5 }, ['options.TTL', 'did you mean ttl?']],
    [{ timeout: 5 }, ['options.timeout', 'did you mean timeoutMs?']],
    [{ redis: { pasword: 'x' } }, ['options.redis.pasword', 'did you mean redis.password?']],
    [
      { redis: { tls: { rejectUnauthorized: false } } },
      ['options.redis.tls.rejectUnauthorized', 'known are ca, cert, key, servername'],
    ],
    [{ encryption: { keys: [] } }, ['options.encryption.keys', 'did you mean encryption.key?']],
    [{ password: 'x' }, ['options.password', 'did you mean redis.password?']],
    [{ somethingElse: 1 }, ['options.somethingElse', 'known are ']],
    [{ 'redis.host': 'x' }, ['options.redis.host', 'unknown option']],
    [{ proprety: 'x' }, ['options.proprety', 'did you mean property?']],
    [{ constructor: 1 }, ['options.constructor', 'unknown option']],
    [JSON.parse('{"__proto__": {"backend": "memory"}}'), ['options.__proto__', 'unknown option']],
  ] as const) {
    it(`refuse ${JSON.stringify(option)}: ${meant[1]}`, () => {
      expectProblems(problems(COMPLETE, option, { alsoKnown: ['property'] }), [meant])
    })
  }

  for (const [option, name, expected] of [
    [{ backend: 'rdis' }, 'options.backend', 'auto, redis, memory'],
    [{ backend: 7 }, 'options.backend', 'a string'],
    [{ redis: 'redis://x' }, 'options.redis', 'an object'],
    [{ redis: [] }, 'options.redis', 'an object'],
    [{ redis: null }, 'options.redis', 'an object'],
    [{ redis: { port: '6379' } }, 'options.redis.port', 'a number'],
    [{ redis: { port: 6379.5 } }, 'options.redis.port', 'whole number'],
    [{ redis: { port: Number.NaN } }, 'options.redis.port', 'whole number'],
    [{ redis: { host: '' } }, 'options.redis.host', 'not empty'],
    [{ redis: { tls: 'yes' } }, 'options.redis.tls', 'true, false or an object'],
    [{ redis: { tls: null } }, 'options.redis.tls', 'true, false or an object'],
    [{ redis: { tls: { ca: Buffer.from('x') } } }, 'options.redis.tls.ca', 'a string'],
    [{ encryption: KEY }, 'options.encryption', 'an object'],
    [{ encryption: { key: Buffer.alloc(32) } }, 'options.encryption.key', 'a string'],
    [{ encryption: { acceptedKeys: KEY } }, 'options.encryption.acceptedKeys', 'an array of strings'],
    [{ encryption: { acceptedKeys: [KEY, 1] } }, 'options.encryption.acceptedKeys', 'an array of strings'],
    [{ ttl: '3600' }, 'options.ttl', "'15m'"],
    [{ ttl: 0 }, 'options.ttl', 'above 0'],
    [{ ttl: Infinity }, 'options.ttl', 'above 0'],
    [{ ttl: true }, 'options.ttl', 'above 0'],
    [{ timeoutMs: 0 }, 'options.timeoutMs', 'whole number'],
    [{ maxValueBytes: -1 }, 'options.maxValueBytes', 'number of bytes'],
    [{ keyPrefix: 'shop' }, 'options.keyPrefix', '":" at the end'],
    [{ onFailure: 'ignore' }, 'options.onFailure', "'degrade' or 'throw'"],
    [{ logger: true }, 'options.logger', 'info, warn and error'],
    [{ logger: { info: logger.info } }, 'options.logger', 'info, warn and error'],
  ] as const) {
    it(`refuse ${name} ${typeof Object.values(option)[0]}: expected ${expected}`, () => {
      expectProblems(problems(COMPLETE, option), [[name, expected]])
    })
  }

  for (const options of [null, 'redis://x', 7, [], () => undefined]) {
    it(`refuse ${options === null ? 'null' : typeof options} in place of an object`, () => {
      expectProblems(problems(COMPLETE, options), [['options', 'an object']])
    })
  }

  it('refuse an environment that is none', () => {
    expectProblems(problems(undefined as unknown as false, { env: 'x', backend: 'memory' }), [
      ['options.env', 'object'],
    ])
  })

  it('accept any logger with info, warn and error, and false', () => {
    for (const given of [logger, console, false] as const) {
      expect(read(COMPLETE, { logger: given }, { now: () => NOW }).backend).to.equal('redis')
    }
  })
})
