import { expect } from 'chai'
import { describe, it } from 'mocha'
import { COMPLETE, expectProblems, problems, read } from '../../support/settings-cases.js'

const ALL = { ...COMPLETE, REDIS_EXTRA_ROLES: 'sessions,rate_limit,queue' } as const

describe('prefixes of extra roles', () => {
  it('lie beside that of the cache, each user with its own', () => {
    const { users, server } = read({ ...ALL, REDIS_KEY_PREFIX: 'shop:', REDIS_QUEUE_PREFIX: '{jobs}:' })
    expect(server.extraRoles).to.deep.equal(['sessions', 'rate_limit', 'queue'])
    expect(users.sessions).to.include({ username: 'sessions', keyPrefix: 'shop_sessions:' })
    expect(users.rate_limit.keyPrefix).to.equal('shop_rate_limit:')
    expect(users.queue.keyPrefix).to.equal('{jobs}:')
  })

  for (const [title, env, name] of [
    ['within that of the cache', { REDIS_SESSIONS_PREFIX: 'ai_cache:sessions:' }, 'REDIS_SESSIONS_PREFIX'],
    ['the same as that of the cache', { REDIS_QUEUE_PREFIX: 'ai_cache:' }, 'REDIS_QUEUE_PREFIX'],
    [
      'around that of the cache',
      { REDIS_EXTRA_ROLES: 'rate_limit', REDIS_KEY_PREFIX: 'shop:cache:', REDIS_RATE_LIMIT_PREFIX: 'shop:' },
      'REDIS_RATE_LIMIT_PREFIX',
    ],
  ] as const) {
    it(`are refused ${title}`, () => {
      expectProblems(problems({ ...ALL, ...env }), [[name, 'the same keys']])
    })
  }

  it('are refused for both of two roles that would share keys', () => {
    const env = { ...ALL, REDIS_SESSIONS_PREFIX: 'web:', REDIS_QUEUE_PREFIX: 'web:jobs:' }
    expectProblems(problems(env), [
      ['REDIS_SESSIONS_PREFIX', 'the same keys'],
      ['REDIS_QUEUE_PREFIX', 'the same keys'],
    ])
  })

  it('are no matter of a role that nobody asked for', () => {
    expect(read({ ...COMPLETE, REDIS_KEY_PREFIX: 'shop:' }).server.extraRoles).to.deep.equal([])
  })
})
