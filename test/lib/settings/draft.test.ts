import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { Settings } from '../../../lib/settings/settings.js'
import {
  COMPLETE,
  KEY,
  OTHER_PASSWORD,
  PASSWORD,
  expectProblems,
  problems,
  read,
} from '../../support/settings-cases.js'

describe('what follows from settings', () => {
  const login = ({ redis, users }: Settings) => ({
    by: redis.authentication,
    user: redis.username,
    password: redis.password?.reveal(),
    admin: `${users.admin.username}:${users.admin.password?.reveal()}`,
    cache: `${users.cache.username}:${users.cache.password?.reveal()}`,
  })
  const base = { NODE_ENV: 'production', REDIS_ENCRYPTION_KEY: KEY }
  const encoded = encodeURIComponent(PASSWORD)

  for (const [title, env, wanted] of [
    [
      'is the default user with REDIS_PASSWORD alone',
      { REDIS_PASSWORD: PASSWORD },
      {
        by: 'password',
        user: undefined,
        password: PASSWORD,
        admin: `default:${PASSWORD}`,
        cache: 'cache_service:undefined',
      },
    ],
    [
      'is an ACL user with REDIS_CACHE_PASSWORD, and REDIS_PASSWORD is the admin',
      { REDIS_CACHE_PASSWORD: PASSWORD, REDIS_PASSWORD: OTHER_PASSWORD },
      {
        by: 'acl',
        user: 'cache_service',
        password: PASSWORD,
        admin: `admin:${OTHER_PASSWORD}`,
        cache: `cache_service:${PASSWORD}`,
      },
    ],
    [
      'takes another user name',
      { REDIS_CACHE_PASSWORD: PASSWORD, REDIS_CACHE_USERNAME: 'shop' },
      { by: 'acl', user: 'shop', password: PASSWORD, admin: 'admin:undefined', cache: `shop:${PASSWORD}` },
    ],
    [
      'takes both from the URL',
      { REDIS_URL: `rediss://bob:${encoded}@redis`, REDIS_PASSWORD: OTHER_PASSWORD },
      {
        by: 'acl',
        user: 'bob',
        password: PASSWORD,
        admin: `admin:${OTHER_PASSWORD}`,
        cache: `bob:${PASSWORD}`,
      },
    ],
    [
      'takes the password of the default user from the URL',
      { REDIS_URL: `rediss://:${encoded}@redis` },
      {
        by: 'password',
        user: undefined,
        password: PASSWORD,
        admin: `default:${PASSWORD}`,
        cache: 'cache_service:undefined',
      },
    ],
    [
      'takes the user from the URL and the password from its variable',
      { REDIS_URL: 'rediss://bob@redis', REDIS_CACHE_PASSWORD: PASSWORD },
      { by: 'acl', user: 'bob', password: PASSWORD, admin: 'admin:undefined', cache: `bob:${PASSWORD}` },
    ],
  ] as const) {
    it(title, () => expect(login(read({ ...base, ...env }))).to.deep.equal(wanted))
  }

  for (const [title, options, env, wanted] of [
    [
      'belongs to the default user where nobody names another',
      { password: PASSWORD },
      {},
      { by: 'password', user: undefined, password: PASSWORD },
    ],
    [
      'belongs to the user in code',
      { username: 'shop', password: PASSWORD },
      {},
      { by: 'acl', user: 'shop', password: PASSWORD },
    ],
    [
      'may name the default user',
      { username: 'default', password: PASSWORD },
      {},
      { by: 'password', user: undefined, password: PASSWORD },
    ],
    [
      'belongs to the user of the environment',
      { password: PASSWORD },
      { REDIS_CACHE_USERNAME: 'shop' },
      { by: 'acl', user: 'shop', password: PASSWORD },
    ],
    [
      'wins over the password of the environment',
      { password: PASSWORD },
      { REDIS_CACHE_PASSWORD: OTHER_PASSWORD },
      { by: 'acl', user: 'cache_service', password: PASSWORD },
    ],
    [
      'wins over the URL of the environment',
      { password: PASSWORD },
      { REDIS_URL: `rediss://bob:${OTHER_PASSWORD}@redis` },
      { by: 'acl', user: 'bob', password: PASSWORD },
    ],
    [
      'in a URL wins over the environment',
      { url: `rediss://bob:${encoded}@redis` },
      { REDIS_CACHE_PASSWORD: OTHER_PASSWORD },
      { by: 'acl', user: 'bob', password: PASSWORD },
    ],
  ] as const) {
    it(`given in code ${title}`, () => {
      expect(login(read({ ...base, ...env }, { redis: options }))).to.include(wanted)
    })
  }

  it('is refused where user and password do not belong together', () => {
    expectProblems(problems({ ...base, REDIS_PASSWORD: PASSWORD, REDIS_CACHE_USERNAME: 'shop' }), [
      ['REDIS_CACHE_USERNAME', 'REDIS_CACHE_PASSWORD'],
    ])
    expectProblems(problems({ ...base, REDIS_PASSWORD: PASSWORD, REDIS_URL: 'rediss://bob@redis' }), [
      ['REDIS_URL', 'REDIS_CACHE_PASSWORD'],
    ])
  })

  it('is refused as a user with a role of its own', () => {
    expectProblems(problems({ ...COMPLETE, REDIS_CACHE_USERNAME: 'admin' }), [
      ['REDIS_CACHE_USERNAME', 'role'],
    ])
    expectProblems(problems({ ...base, REDIS_URL: `rediss://monitor:${encoded}@redis` }), [
      ['REDIS_URL', 'role'],
    ])
  })

  it('tolerates the default user name written out beside a password of the default user', () => {
    const env = { ...base, REDIS_PASSWORD: PASSWORD, REDIS_CACHE_USERNAME: 'cache_service' }
    expect(login(read(env))).to.include({ by: 'password', user: undefined })
  })
})
