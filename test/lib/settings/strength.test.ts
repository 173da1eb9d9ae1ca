import { expect } from 'chai'
import { describe, it } from 'mocha'
import { VARIABLE_NAMES } from '../../../lib/settings/table.js'
import {
  COMPLETE,
  KEY,
  OTHER_PASSWORD,
  PASSWORD,
  expectProblems,
  problems,
  read,
  warningsOf,
} from '../../support/settings-cases.js'

describe('the strength of passwords', () => {
  for (const [password, reason] of [
    ['short', 'at least 16 characters, got 5'],
    ['your-secure-password-here', 'published'],
    ['aaaaaaaaaaaaaaaaaaaa', 'pattern'],
    ['with a line\nbreak in it', 'control characters'],
  ] as const) {
    for (const name of VARIABLE_NAMES.filter(
      (known) => /^REDIS_\w*PASSWORD$/.test(known) && !known.includes('UNSAFE'),
    )) {
      it(`refuses ${name} where it is ${reason.split(',')[0]}`, () => {
        const found = problems({ ...COMPLETE, [name]: password })
        expectProblems(found, [[name, reason]])
        expect(found[0]?.message).to.include('openssl rand -hex 24').and.not.include(password)
      })
    }
  }

  it('refuses a weak password within a URL, and a weak passphrase', () => {
    expectProblems(
      problems({ NODE_ENV: 'production', REDIS_ENCRYPTION_KEY: KEY, REDIS_URL: 'rediss://:short@redis' }),
      [['REDIS_URL', 'its password: expected at least 16 characters, got 5']],
    )
    expectProblems(problems({ ...COMPLETE, REDIS_ENCRYPTION_PASSPHRASE: 'short' }), [
      ['REDIS_ENCRYPTION_PASSPHRASE', 'at least 16 characters'],
    ])
  })

  it('warns where two users share one', () => {
    const settings = read({
      ...COMPLETE,
      REDIS_MONITOR_PASSWORD: PASSWORD,
      REDIS_HEALTH_PASSWORD: OTHER_PASSWORD,
    })
    expect(warningsOf(settings)).to.deep.equal(['REDIS_MONITOR_PASSWORD'])
    expect(settings.warnings[0]?.message).to.include('REDIS_CACHE_PASSWORD')
  })

  it('does not warn where a URL repeats the password of its login, but where it repeats another one', () => {
    const REDIS_URL = `rediss://cache_service:${encodeURIComponent(PASSWORD)}@redis`
    expect(read({ ...COMPLETE, REDIS_URL }).warnings).to.deep.equal([])
    const env = { ...COMPLETE, REDIS_URL, REDIS_CACHE_PASSWORD: undefined, REDIS_MONITOR_PASSWORD: PASSWORD }
    expect(warningsOf(read(env))).to.deep.equal(['REDIS_URL'])
  })

  it('does not judge those of a Redis that is not used', () => {
    expect(
      warningsOf(read({ NODE_ENV: 'test', CACHE_BACKEND: 'memory', REDIS_PASSWORD: 'short' })),
    ).to.deep.equal(['REDIS_PASSWORD'])
  })
})
