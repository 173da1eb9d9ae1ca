import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'
import { CacheError } from '../../lib/errors.js'
import { createRedactor, secretsOf } from '../../lib/redact.js'
import { Secret } from '../../lib/settings/secret.js'

const CANARY = 'c4nary/with+odd=chars&"quotes"'
const HEX_KEY = '0f'.repeat(32)
const BASE64_KEY = Buffer.alloc(32, 0xfb).toString('base64')
const PEM = '-----BEGIN PRIVATE KEY-----\nTUlJRXZRSUJBREFOQmdrcWhraUc5dzB\n-----END PRIVATE KEY-----'

/** Text that holds a secret of any owner, and the part that must be gone. */
const LEAKS: readonly (readonly [text: string, secret: string])[] = [
  ['connecting to redis://user:hunter2pw@redis:6379', 'hunter2pw'],
  ['connecting to rediss://:pa/ss@wo:rd@redis:6379/0', 'pa/ss'],
  ['POST HTTPS://bob:hunter2pw@example.com/x', 'hunter2pw'],
  [`key ${HEX_KEY} is odd`, HEX_KEY],
  [`key=${HEX_KEY.toUpperCase()}`, HEX_KEY.toUpperCase()],
  [`user on #${HEX_KEY}`, HEX_KEY],
  [`key "${BASE64_KEY}"`, BASE64_KEY],
  [`key ${BASE64_KEY.replace('=', '')}, next`, BASE64_KEY.slice(0, 43)],
  [PEM, 'TUlJRXZRSUJBREFOQmdrcWhraUc5dzB'],
  [PEM.slice(0, 50), 'TUlJRXZ'],
  ['Authorization: Bearer abc.def-123', 'abc.def-123'],
  ['authorization: basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
  ['sent AUTH cache_service hunter2pw', 'hunter2pw'],
  ['sent HELLO 3 AUTH default hunter2pw', 'hunter2pw'],
  ['ACL SETUSER bob on >hunter2pw ~*', 'hunter2pw'],
  ['REDIS_PASSWORD=hunter2pw npm start', 'hunter2pw'],
  ['{"password":"hunter 2 pw","a":1}', 'hunter 2 pw'],
  ["{ password: 'hunter2pw' }", 'hunter2pw'],
  ['?api_key=hunter2pw&x=1', 'hunter2pw'],
  ['passphrase=hunter2pw', 'hunter2pw'],
  ['secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
  ['token gAAAAABmZ1234567890abcdefghijklmnop==', 'gAAAAABmZ1234567890abcdefghijklmnop'],
]

const HARMLESS: readonly string[] = [
  'Redis refused the login: check REDIS_CACHE_PASSWORD',
  'REDIS_PASSWORD: expected at least 16 characters, got 8. Generate one: openssl rand -hex 24.',
  'the key id is 0123456789abcdef0123456789abcdef',
  'NOAUTH Authentication required.',
  'see https://redis.io/docs/latest/operate/oss_and_stack/management/security/',
  'connected to rediss://redis:6379',
]

describe('createRedactor', () => {
  const redactor = createRedactor([new Secret(CANARY)])

  for (const [text, secret] of LEAKS) {
    it(`hides the secret in: ${text.slice(0, 40).replaceAll('\n', ' ')}`, () => {
      expect(redactor.text(text)).to.not.include(secret)
      expect(redactor.text(text)).to.include('[secret]')
    })
  }

  for (const text of HARMLESS) {
    it(`leaves alone: ${text}`, () => {
      expect(redactor.text(text)).to.equal(text)
    })
  }

  for (const [spelling, text] of [
    ['as it is', CANARY],
    ['percent-encoded', encodeURIComponent(CANARY)],
    ['within JSON', JSON.stringify({ x: CANARY })],
    ['in base64', Buffer.from(CANARY).toString('base64')],
    ['in base64url', Buffer.from(CANARY).toString('base64url')],
    ['in hex', Buffer.from(CANARY).toString('hex')],
  ] as const) {
    it(`hides a secret of the settings ${spelling}`, () => {
      const written = redactor.text(`before ${text} after`)
      expect(written).to.not.include(text.slice(1, -1))
      expect(written).to.match(/^before .*\[secret\].* after$/)
    })
  }

  it('hides the password and the path of an address that is a secret as a whole', () => {
    const addresses = createRedactor([
      new Secret('smtps://user:p%40ssw0rd-long@mail:465'),
      new Secret('https://hooks.example.com/services/T000/B000/abcdef'),
    ])
    const written = addresses.text('p@ssw0rd-long p%40ssw0rd-long /services/T000/B000/abcdef')
    expect(written).to.equal('[secret] [secret] [secret]')
  })

  it('hides fields by their name, whatever they hold, and keeps the other ones', () => {
    expect(
      redactor.fields({
        password: 'x',
        encryptionKey: Buffer.from('x'),
        key: 'user:1',
        keys: ['a'],
        value: { a: 1 },
        Authorization: 'x',
        'set-cookie': 'x',
        statusToken: 'x',
        args: ['SET', 'k', 'v'],
        keyId: 'ab12',
        allowPrivate: true,
        count: 3,
        errorCode: 'ERR_REDIS_WRONGPASS',
        nested: { deep: [{ apiKey: 'x', fine: 'y' }] },
      }),
    ).to.deep.equal({
      password: '[secret]',
      encryptionKey: '[secret]',
      key: '[secret]',
      keys: '[secret]',
      value: '[secret]',
      Authorization: '[secret]',
      'set-cookie': '[secret]',
      statusToken: '[secret]',
      args: '[secret]',
      keyId: 'ab12',
      allowPrivate: true,
      count: 3,
      errorCode: 'ERR_REDIS_WRONGPASS',
      nested: { deep: [{ apiKey: '[secret]', fine: 'y' }] },
    })
  })

  it('tells code and name of a foreign error and not its message, and our own messages in full', () => {
    const foreign = Object.assign(new TypeError(`bad ${CANARY}`), {
      code: 'ECONNREFUSED',
      command: { args: [CANARY] },
    })
    expect(
      redactor.fields({ foreign, own: new CacheError('ERR_CACHE_TTL', 'ttl: expected seconds') }),
    ).to.deep.equal({
      foreign: { name: 'TypeError', code: 'ECONNREFUSED' },
      own: { name: 'CacheError', code: 'ERR_CACHE_TTL', message: 'ttl: expected seconds' },
    })
  })

  it('shows bytes by their number, dates as text, and stops at depth, length and number', () => {
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    const shown = redactor.fields({
      bytes: new Uint8Array(12),
      at: new Date(0),
      never: new Date(Number.NaN),
      secret1: 1,
      hidden: new Secret('x'),
      many: Array.from({ length: 200 }, (_, index) => index),
      circular,
      call: () => 1,
      big: 12n,
      long: 'x'.repeat(5000),
    })
    expect(shown).to.include({
      bytes: '[12 bytes]',
      at: '1970-01-01T00:00:00.000Z',
      never: '[invalid date]',
      hidden: '[secret]',
      call: '[function]',
      big: '12',
    })
    expect(shown['many']).to.have.length(50)
    expect(JSON.stringify(shown['circular'])).to.include('[nested]')
    expect(shown['long']).to.match(/^x{2000}… \[shortened\]$/)
  })

  it('answers fields that throw when looked at', () => {
    const hostile = {
      get boom(): string {
        throw new Error(CANARY)
      },
    }
    expect(redactor.fields(hostile)).to.deep.equal({ fields: '[unreadable]' })
  })

  it('makes control characters, escape codes, bidirectional marks and line separators visible', () => {
    expect(redactor.text('a\nb\r\tc\u001b[31md\u0000e\u202ef\u2028g\u200bh\u009bi\ud800j')).to.equal(
      String.raw`a\nb\r\tc\u{1b}[31md\u{0}e\u{202e}f\u{2028}g\u{200b}h\u{9b}i\u{d800}j`,
    )
  })

  it('writes nothing of a text so long that a secret at its cut might not be recognised', () => {
    const text = `${CANARY} `.repeat(1000)
    const written = redactor.text(text)
    expect(written).to.not.include('c4nary')
  })

  it('never lets a known secret through, whatever surrounds it', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 8, maxLength: 60, unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        (secret, before, after) => {
          fc.pre(!'[secret]'.includes(secret.slice(0, 8)))
          const own = createRedactor([new Secret(secret)])
          const written = JSON.stringify([
            own.text(`${before}${secret}${after}`),
            own.fields({ a: [secret] }),
          ])
          return !written.includes(secret) && !/[\p{Cc}\p{Cf}\p{Cs}]/u.test(own.text(`${before}${after}`))
        },
      ),
      { numRuns: 200 },
    )
  })

  it('takes no time over text made to be slow', () => {
    const started = process.hrtime.bigint()
    for (const unit of [
      'a://',
      'a',
      '-----BEGIN PRIVATE KEY-----',
      'token',
      'AUTH ',
      'Bearer ',
      '"',
      'A'.repeat(42) + ' ',
      '_',
    ])
      redactor.text(unit.repeat(Math.ceil(100_000 / unit.length)))
    // Quadratic behaviour would take minutes; the bound leaves room for a busy machine.
    expect(Number(process.hrtime.bigint() - started) / 1e6).to.be.below(3000)
  })
})

describe('secretsOf', () => {
  it('finds every secret within settings', () => {
    const secrets = secretsOf({
      a: new Secret('one'),
      b: { c: [new Secret('two')], d: undefined, e: null },
      f: 'x',
    })
    expect(secrets.map((secret) => secret.reveal())).to.deep.equal(['one', 'two'])
  })
})
