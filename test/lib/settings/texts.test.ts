import { expect } from 'chai'
import { describe, it } from 'mocha'
import {
  email,
  keyPrefix,
  sentinelName,
  serverVersion,
  username,
  utcDate,
} from '../../../lib/settings/texts.js'
import { choice, Refusal, type Validator } from '../../../lib/settings/validator.js'

interface Cases<T> {
  readonly validator: Validator<T>
  readonly accepted: readonly (readonly [text: string, value: T])[]
  readonly refused: readonly string[]
}

function cases<T>({ validator, accepted, refused }: Cases<T>): void {
  for (const [text, value] of accepted) {
    it(`accepts ${JSON.stringify(text)}`, () => expect(validator.parse(text)).to.deep.equal(value))
  }
  for (const text of refused) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
      expect(() => validator.parse(text)).to.throw(Refusal, 'expected')
    })
  }
}

describe('username', () => {
  cases({
    validator: username,
    accepted: [
      ['cache_service', 'cache_service'],
      ['a.b:c@d-1', 'a.b:c@d-1'],
    ],
    // users.acl knows no quoting: each of these would become a rule or another user.
    refused: ['', 'a b', 'a\n', 'a\nuser x on', 'on >pw', '~*', '+@all', 'a(b', 'é', 'a'.repeat(129)].filter(
      (text) => text.trim() !== 'a',
    ),
  })
})

describe('sentinelName', () => {
  cases({
    validator: sentinelName,
    accepted: [['mymaster', 'mymaster']],
    refused: ['my master', 'a:b', '"x"', ''],
  })
})

describe('email', () => {
  cases({
    validator: email,
    accepted: [
      ['ops@example.com', 'ops@example.com'],
      ['ops+x@localhost', 'ops+x@localhost'],
    ],
    refused: [
      'ops',
      'a@b@c',
      'a@b, c@d',
      'a@b\r\nBcc: x@y',
      '<a@b>',
      'a b@c',
      '@b',
      'a@',
      `${'a'.repeat(254)}@b`,
    ],
  })
})

describe('keyPrefix', () => {
  cases({
    validator: keyPrefix,
    accepted: [
      ['ai_cache:', 'ai_cache:'],
      ['a:b:', 'a:b:'],
      ['*?[]\\:', '*?[]\\:'],
      ['größe:', 'größe:'],
      ['"$x":', '"$x":'],
    ],
    refused: [
      ':',
      '',
      'shop',
      'sh op:',
      'sh\top:',
      'a\n:',
      'a(:',
      'a):',
      'a\u0000:',
      'a\u202e:',
      '\ud800:',
      ' a:',
      'a: ',
      `${'a'.repeat(128)}:`,
    ],
  })
})

describe('serverVersion', () => {
  cases({
    validator: serverVersion,
    accepted: [
      ['auto', 'auto'],
      ['AUTO', 'auto'],
      ['7.0', '7.0'],
      ['7.0.15', '7.0'],
      ['redis-7.4', '7.4'],
      ['Valkey-8.1.9', 'valkey-8.1'],
      ['valkey-9', 'valkey-9.0'],
      ['6.2', '6.2'],
      ['8', '8.0'],
      ['10.2', '10.2'],
    ],
    refused: [
      '7.04',
      '07.0',
      '6.0',
      '5',
      'latest',
      '7.x',
      'v7',
      '7.0-alpine',
      '7.0.0.0',
      '',
      'valkey-7.0',
      'valkey-',
      'keydb-7.0',
    ],
  })
})

describe('utcDate', () => {
  cases({
    validator: utcDate,
    accepted: [
      ['2030-01-31', new Date('2030-01-31T00:00:00Z')],
      ['2030-01-31T12:30:15Z', new Date('2030-01-31T12:30:15Z')],
      ['2030-01-31t12:30z', new Date('2030-01-31T12:30:00Z')],
      ['2028-02-29', new Date('2028-02-29T00:00:00Z')],
    ],
    refused: [
      '2030-02-30',
      '2029-02-29',
      '2030-13-01',
      '2030-01-32',
      '31.01.2030',
      '2030-1-31',
      '2030-01-31T12:30:15',
      '2030-01-31T12:30:15+01:00',
      '2030-01-31T25:00Z',
      '1893456000',
      'tomorrow',
      '',
    ],
  })
})

describe('choice', () => {
  cases({
    validator: choice('redis', 'memory'),
    accepted: [
      ['redis', 'redis'],
      [' MEMORY ', 'memory'],
    ],
    refused: ['', 'rediss', 'redis,memory', 'toString'],
  })
})
