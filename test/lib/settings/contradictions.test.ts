import { expect } from 'chai'
import { describe, it } from 'mocha'
import {
  COMPLETE,
  OTHER_PASSWORD,
  expectProblems,
  problems,
  read,
  warningsOf,
} from '../../support/settings-cases.js'

describe('contradictory settings', () => {
  for (const [title, env, wanted] of [
    ['URL beside host', { REDIS_URL: `rediss://redis`, REDIS_HOST: 'x' }, ['REDIS_URL', 'REDIS_HOST']],
    ['URL beside port', { REDIS_URL: `rediss://redis`, REDIS_PORT: '1' }, ['REDIS_URL', 'REDIS_PORT']],
    [
      'Sentinels beside a cluster',
      { REDIS_SENTINELS: 'a:1', REDIS_CLUSTER_NODES: 'b:1', REDIS_SENTINEL_NAME: 'x' },
      ['REDIS_SENTINELS', 'REDIS_CLUSTER_NODES'],
    ],
    [
      'Sentinels beside a host',
      { REDIS_SENTINELS: 'a:1', REDIS_HOST: 'b', REDIS_SENTINEL_NAME: 'x' },
      ['REDIS_SENTINELS', 'REDIS_HOST'],
    ],
    [
      'a cluster beside a URL',
      { REDIS_CLUSTER_NODES: 'a:1', REDIS_URL: 'rediss://x' },
      ['REDIS_CLUSTER_NODES', 'REDIS_URL'],
    ],
    ['Sentinels without a name', { REDIS_SENTINELS: 'a:1' }, ['REDIS_SENTINEL_NAME', 'required']],
    [
      'rediss:// with TLS off',
      { REDIS_URL: 'rediss://x', REDIS_TLS_ENABLED: 'false' },
      ['REDIS_TLS_ENABLED', 'scheme'],
    ],
    [
      'rediss:// without TLS allowed',
      { REDIS_URL: 'rediss://x', REDIS_UNSAFE_NO_TLS: '1' },
      ['REDIS_UNSAFE_NO_TLS', 'contradicts'],
    ],
    [
      'TLS on and off',
      { REDIS_TLS_ENABLED: '1', REDIS_UNSAFE_NO_TLS: '1' },
      ['REDIS_UNSAFE_NO_TLS', 'contradicts'],
    ],
    [
      'another password in the URL',
      { REDIS_URL: `rediss://bob:${OTHER_PASSWORD}@x` },
      ['REDIS_CACHE_PASSWORD', 'another password'],
    ],
    [
      'another user in the URL',
      { REDIS_URL: `rediss://bob@x`, REDIS_CACHE_USERNAME: 'eve' },
      ['REDIS_CACHE_USERNAME', 'another user'],
    ],
    [
      'a key without encryption',
      { CACHE_UNSAFE_NO_ENCRYPTION: '1' },
      ['CACHE_UNSAFE_NO_ENCRYPTION', 'contradicts'],
    ],
    ['a read mode without end', { CACHE_READ_MODE: 'fernet' }, ['CACHE_READ_MODE_UNTIL', 'required']],
    [
      'a read mode for longer than 180 days',
      { CACHE_READ_MODE: 'plaintext', CACHE_READ_MODE_UNTIL: '2030-07-01' },
      ['CACHE_READ_MODE_UNTIL', '180 days'],
    ],
    [
      'a derived key without its passphrase',
      { REDIS_ENCRYPTION_ACCEPTED_KEYS: 'pbkdf2-sha256:i=600000:salt=AAECAwQFBgcICQoLDA0ODw==' },
      ['REDIS_ENCRYPTION_PASSPHRASE', 'required'],
    ],
    ['mail without a server', { SECURITY_ALERT_EMAIL: 'a@b' }, ['SECURITY_SMTP_URL', 'required']],
    [
      'a webhook without a secret',
      { SECURITY_ALERT_WEBHOOK: 'https://x' },
      ['SECURITY_ALERT_WEBHOOK_SECRET', 'forged'],
    ],
    [
      'a webhook over plaintext',
      {
        SECURITY_ALERT_WEBHOOK: 'HTTP://x',
        SECURITY_ALERT_WEBHOOK_SECRET: `whsec_${Buffer.alloc(24, 1).toString('base64')}`,
      },
      ['SECURITY_ALERT_WEBHOOK', 'https://'],
    ],
    [
      'a webhook without TLS in a private network',
      {
        SECURITY_ALERT_WEBHOOK: 'http://10.0.0.7/hook',
        SECURITY_ALERT_WEBHOOK_SECRET: `whsec_${Buffer.alloc(24, 1).toString('base64')}`,
        SECURITY_ALERT_WEBHOOK_ALLOW_PRIVATE: 'true',
      },
      ['SECURITY_ALERT_WEBHOOK', 'NODE_ENV development or test'],
    ],
    [
      'a certificate without its key',
      { REDIS_TLS_KEY_FILE: '/nonexistent' },
      ['REDIS_TLS_KEY_FILE', 'does not exist'],
    ],
  ] as const) {
    it(`refuses ${title}`, () => {
      const found = problems({ ...COMPLETE, ...env })
      expect(found.map(({ name }) => name)).to.include(wanted[0])
      expect(found.find(({ name }) => name === wanted[0])?.message).to.include(wanted[1])
    })
  }

  it('refuses plaintext by URL, unless it is allowed by name', () => {
    const env = { ...COMPLETE, REDIS_URL: 'redis://redis' }
    expectProblems(problems(env), [['REDIS_URL', 'rediss://']])
    expectProblems(problems({ ...env, REDIS_TLS_ENABLED: 'true' }), [
      ['REDIS_URL', 'rediss://'],
      ['REDIS_TLS_ENABLED', 'scheme'],
    ])
    expect(read({ ...env, REDIS_UNSAFE_NO_TLS: 'true' }).redis.tls).to.equal(undefined)
  })

  it('accepts a read mode up to 180 days ahead, and warns where it has ended or does nothing', () => {
    const mode = { ...COMPLETE, CACHE_READ_MODE: 'fernet' }
    const settings = read({ ...mode, CACHE_READ_MODE_UNTIL: '2030-06-30' })
    expect(settings.cache).to.include({ readMode: 'fernet' })
    expect(settings.cache.readModeUntil?.toISOString()).to.equal('2030-06-30T00:00:00.000Z')
    expect(settings.warnings).to.deep.equal([])
    expect(warningsOf(read({ ...mode, CACHE_READ_MODE_UNTIL: '2029-12-31' }))).to.deep.equal([
      'CACHE_READ_MODE_UNTIL',
    ])
    expect(warningsOf(read({ ...COMPLETE, CACHE_READ_MODE_UNTIL: '2030-02-01' }))).to.deep.equal([
      'CACHE_READ_MODE_UNTIL',
    ])
  })
})
