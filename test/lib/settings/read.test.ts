import { expect } from 'chai'
import { describe, it } from 'mocha'
import { Secret } from '../../../lib/settings/secret.js'
import {
  COMPLETE,
  KEY,
  OTHER_PASSWORD,
  errorOf,
  expectProblems,
  problems,
  read,
  warningsOf,
} from '../../support/settings-cases.js'

describe('readSettings', () => {
  describe('the generator', () => {
    it('is about Redis, whatever the application of this environment uses', () => {
      const env = { NODE_ENV: 'production', CACHE_BACKEND: 'memory' }
      expectProblems(problems(env, undefined, { purpose: 'generator' }), [
        ['REDIS_CACHE_PASSWORD', 'required'],
        ['REDIS_ENCRYPTION_KEY', 'required'],
      ])
      expect(read(COMPLETE, undefined, { purpose: 'generator' }).backend).to.equal('redis')
    })

    it('refuses values larger than its configuration allows, of which an application is only warned', () => {
      const env = { ...COMPLETE, CACHE_MAX_VALUE_BYTES: '8mb' }
      expectProblems(problems(env, undefined, { purpose: 'generator' }), [['CACHE_MAX_VALUE_BYTES', '4 MiB']])
      expect(warningsOf(read(env))).to.deep.equal(['CACHE_MAX_VALUE_BYTES'])
    })
  })

  describe('the error', () => {
    it('reports everything at once, one line each: name, expectation, remedy', () => {
      const error = errorOf({
        NODE_ENV: 'production',
        REDIS_HOST: 'redis://x',
        REDIS_PORT: '12abc',
        REDIS_PASSWORD: 'short',
        REDIS_KEY_PREFIX: 'shop',
        CACHE_TTL: '-1',
        REDIS_DEV_MODE: 'flase',
      })
      expect(error.code).to.equal('ERR_CONFIG_INVALID')
      expect(error.message).to.equal(
        [
          'the settings cannot be used (7 problems):',
          '  REDIS_HOST: expected a host name, got a URL: set REDIS_URL instead. Write the name of the server alone, such as redis or 10.0.0.5.',
          '  REDIS_PORT: expected a whole number from 1 to 65535. Write the number alone, usually 6379.',
          '  REDIS_KEY_PREFIX: expected a ":" at the end, such as "shop:". Write a short name and a colon, such as shop:.',
          '  REDIS_DEV_MODE: expected true or false (yes, no, on, off, 1, 0 as well). Write true or false, or remove it.',
          '  CACHE_TTL: expected seconds above 0 (at most 10 years), or 90s, 15m, 2h, 7d, or none for no expiry. Write seconds such as 3600, or a text such as 15m.',
          '  REDIS_ENCRYPTION_KEY: required: values rest encrypted. Generate one: openssl rand -hex 32; every instance of the application needs the same.',
          '  REDIS_PASSWORD: expected at least 16 characters, got 5. Generate one: openssl rand -hex 24.',
        ].join('\n'),
      )
    })

    it('is ERR_CONFIG_OPTION where only options are at fault', () => {
      expect(errorOf(COMPLETE, { ttl: 0 }).code).to.equal('ERR_CONFIG_OPTION')
      expect(errorOf({}, { ttl: 0, backend: 'redis' }).code).to.equal('ERR_CONFIG_INVALID')
    })
  })

  it('freezes everything, so that nobody changes settings under somebody else', () => {
    const env = {
      ...COMPLETE,
      REDIS_SENTINELS: 'a:1',
      REDIS_SENTINEL_NAME: 'x',
      REDIS_ENCRYPTION_ACCEPTED_KEYS: KEY,
    }
    const settings = read(env, undefined, { purpose: 'generator' })
    const thawed: string[] = []
    const visit = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return
      if (!Object.isFrozen(value)) thawed.push(path)
      for (const [name, part] of Object.entries(value)) visit(part, `${path}.${name}`)
    }
    visit(settings, 'settings')
    expect(thawed).to.deep.equal([])
    expect(settings.redis.sentinels).to.deep.equal([{ host: 'a', port: 1 }])
  })

  it('holds every secret as a Secret', () => {
    const settings = read({
      ...COMPLETE,
      REDIS_PASSWORD: OTHER_PASSWORD,
      SECURITY_STATUS_TOKEN: 't'.repeat(40),
    })
    expect(settings.redis.password).to.be.instanceOf(Secret)
    expect(settings.users.admin.password).to.be.instanceOf(Secret)
    expect(settings.encryption.key).to.be.instanceOf(Secret)
    expect(settings.security.statusToken).to.be.instanceOf(Secret)
  })
})
