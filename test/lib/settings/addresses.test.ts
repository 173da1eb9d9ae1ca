import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'
import {
  bindAddress,
  host,
  hostPorts,
  redisUrl,
  smtpUrl,
  webhookUrl,
} from '../../../lib/settings/addresses.js'
import { Refusal } from '../../../lib/settings/validator.js'

describe('host', () => {
  for (const [text, name] of [
    ['redis', 'redis'],
    ['redis.internal', 'redis.internal'],
    ['my_redis-1.ns.svc.cluster.local.', 'my_redis-1.ns.svc.cluster.local.'],
    ['10.0.0.5', '10.0.0.5'],
    ['::1', '::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    [' redis ', 'redis'],
  ] as const) {
    it(`accepts ${JSON.stringify(text)}`, () => expect(host.parse(text)).to.equal(name))
  }
  for (const [text, reason] of [
    ['redis://redis', 'REDIS_URL'],
    ['redis:6379', 'REDIS_PORT'],
    ['-redis', 'host name'],
    ['redis-', 'host name'],
    ['re dis', 'host name'],
    ['redis/0', 'host name'],
    ['redis\nx', 'host name'],
    ['$(id)', 'host name'],
    ['a..b', 'host name'],
    ['a'.repeat(64), 'host name'],
    [`${'a.'.repeat(130)}a`, 'host name'],
    ['rédis', 'host name'],
    ['[redis]]', 'host name'],
    ['', 'host name'],
  ] as const) {
    it(`refuses ${JSON.stringify(text.slice(0, 30))}`, () => {
      expect(() => host.parse(text)).to.throw(Refusal, reason)
    })
  }
})

describe('hostPorts', () => {
  it('reads a list, with IPv6 in brackets and room around the commas', () => {
    expect(hostPorts.parse('a:1, [::1]:26379 ,b.c:65535,')).to.deep.equal([
      { host: 'a', port: 1 },
      { host: '::1', port: 26_379 },
      { host: 'b.c', port: 65_535 },
    ])
  })

  for (const text of [
    'a',
    'a:',
    ':1',
    'a:0',
    'a:65536',
    '::1:6379',
    'a:1;b:2',
    'a:1 b:2',
    'redis://a:1',
    ',',
    ' ',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => expect(() => hostPorts.parse(text)).to.throw(Refusal))
  }
})

describe('redisUrl', () => {
  const shown = (text: string) => {
    const { password, ...rest } = redisUrl.parse(text)
    return { ...rest, password: password?.reveal() }
  }

  for (const [text, wanted] of [
    ['redis://redis', { tls: false, host: 'redis', port: 6379 }],
    ['rediss://redis:6380', { tls: true, host: 'redis', port: 6380 }],
    ['REDISS://redis:6380/', { tls: true, host: 'redis', port: 6380 }],
    ['rediss://redis:6380/0', { tls: true, host: 'redis', port: 6380 }],
    ['rediss://[::1]:6380', { tls: true, host: '::1', port: 6380 }],
    ['rediss://:pw@redis', { tls: true, host: 'redis', port: 6379, password: 'pw' }],
    ['rediss://default:pw@redis', { tls: true, host: 'redis', port: 6379, password: 'pw' }],
    [
      'rediss://bob:p%40%2F%3A%25@redis',
      { tls: true, host: 'redis', port: 6379, username: 'bob', password: 'p@/:%' },
    ],
    ['rediss://bob@redis', { tls: true, host: 'redis', port: 6379, username: 'bob' }],
  ] as const) {
    it(`reads ${text}`, () => {
      expect(shown(text)).to.deep.equal({ username: undefined, password: undefined, ...wanted })
    })
  }

  for (const [text, reason] of [
    ['redis', 'valid URL'],
    ['redis:6379', 'a host after the scheme'],
    ['redis:///', 'a host after the scheme'],
    ['http://redis', 'rediss://host:port'],
    ['unix:///run/redis.sock', 'rediss://host:port'],
    ['rediss://redis:0x10', 'percent-encode'],
    ['rediss://redis:99999', 'percent-encode'],
    ['rediss://redis:0', 'from 1 to 65535'],
    ['rediss://redis/1', 'REDIS_KEY_PREFIX'],
    ['rediss://redis/?db=1', 'no parameters'],
    ['rediss://redis?tls=false', 'no parameters'],
    ['rediss://redis#x', 'no parameters'],
    // What `openssl rand -base64` prints breaks URLs half of the time.
    ['rediss://:ab/cd+ef=@redis:6379', 'percent-encode'],
    ['rediss://:12/cd@redis:6379', 'percent-encode'],
    ['rediss://bob:12#cd@redis:6379', 'percent-encode'],
    ['rediss://bob:12?cd@redis:6379', 'percent-encode'],
    ['rediss://bob:100%@redis:6379', 'percent-encoding'],
    ['rediss://re%20dis', 'host name'],
    ['rediss://re\ndis', 'white space'],
    ['rediss://re\tdis', 'white space'],
    // These would become a rule or another user in users.acl.
    ['rediss://bob%20on%20nopass:x@redis', 'user name'],
    ['rediss://bob%0Auser%20eve%20on:x@redis', 'user name'],
    ['rediss://bob:line%0Abreak@redis', 'control characters'],
  ] as const) {
    it(`refuses ${text}`, () => expect(() => redisUrl.parse(text)).to.throw(Refusal, reason))
  }

  it('gives back every password that was percent-encoded, or says what it must not hold', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (secret) => {
        const url = `rediss://bob:${encodeURIComponent(secret)}@redis`
        if (/\p{Cc}/u.test(secret)) expect(() => redisUrl.parse(url)).to.throw(Refusal, 'control characters')
        else expect(redisUrl.parse(url).password?.reveal()).to.equal(secret)
      }),
    )
  })
})

describe('bindAddress', () => {
  for (const [text, wanted] of [
    ['0.0.0.0', '0.0.0.0'],
    ['127.0.0.1 -::1', '127.0.0.1 -::1'],
    ['10.0.0.1,::', '10.0.0.1 ::'],
    ['*', '*'],
  ] as const) {
    it(`accepts ${text}`, () => expect(bindAddress.parse(text)).to.equal(wanted))
  }
  for (const text of [
    'localhost',
    '0.0.0.0/0',
    '127.0.0.1\nprotected-mode no',
    '127.0.0.1;x',
    '1.2.3',
    ' ',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => expect(() => bindAddress.parse(text)).to.throw(Refusal))
  }
})

describe('webhookUrl and smtpUrl', () => {
  it('keep the address as a secret', () => {
    expect(webhookUrl.parse('https://hooks.example.com/T0/abc').reveal()).to.equal(
      'https://hooks.example.com/T0/abc',
    )
    expect(String(smtpUrl.parse('smtps://bob:pw@mail:465'))).to.equal('[secret]')
  })

  for (const text of [
    'hooks.example.com',
    'ftp://x',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'https://',
  ]) {
    it(`refuse ${text}`, () => {
      expect(() => webhookUrl.parse(text)).to.throw(Refusal)
      expect(() => smtpUrl.parse(text)).to.throw(Refusal)
    })
  }
})
