import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'
import { parseKey } from '../../../lib/crypto/key-ring.js'
import { errorOf } from './support.js'

const bytesOfKey = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes))

function rawKey(text: string): Buffer {
  const parsed = parseKey(text)
  if (parsed.kind !== 'raw') throw new Error('not a key of bytes')
  return parsed.key.export()
}

describe('a key in its written forms', () => {
  const FORMS: Readonly<Record<string, (bytes: Buffer) => string>> = {
    hex: (bytes) => bytes.toString('hex'),
    'hex in capitals': (bytes) => bytes.toString('hex').toUpperCase(),
    base64: (bytes) => bytes.toString('base64'),
    'base64 without padding': (bytes) => bytes.toString('base64').slice(0, 43),
    base64url: (bytes) => bytes.toString('base64url'),
    "base64url with padding, as Fernet's generate_key prints it": (bytes) =>
      `${bytes.toString('base64url')}=`,
  }
  for (const [form, write] of Object.entries(FORMS)) {
    it(`is read from ${form}`, () => {
      fc.assert(fc.property(bytesOfKey, (bytes) => rawKey(write(bytes)).equals(bytes)))
    })
  }

  const valid = Buffer.alloc(32, 0xfb)
  const base64 = valid.toString('base64')
  const REFUSED: Readonly<Record<string, string>> = {
    nothing: '',
    '63 hex digits': 'a'.repeat(63),
    '65 hex digits': 'a'.repeat(65),
    '64 characters that are not hex': 'g'.repeat(64),
    'base64 of 31 bytes': Buffer.alloc(31).toString('base64'),
    'base64 of 33 bytes': Buffer.alloc(33).toString('base64'),
    'mixed alphabets': `-${base64.slice(1)}`.replace(/^./, '-'),
    'unused bits that are set': `${base64.slice(0, 42)}t=`,
    'two padding characters': `${base64}=`,
    'a space before': ` ${base64}`,
    'a line break after': `${base64}\n`,
    'a line break within': `${base64.slice(0, 20)}\n${base64.slice(20)}`,
    'a byte order mark': `\ufeff${base64}`,
    'digits that are no ASCII': '٣'.repeat(64),
    quotes: `"${base64}"`,
    'a passphrase': 'correct horse battery staple',
  }
  for (const [form, text] of Object.entries(REFUSED)) {
    it(`is refused with ${form}`, () => {
      const error = errorOf(() => parseKey(text, 'REDIS_ENCRYPTION_KEY'))
      expect(error.code).to.equal('ERR_KEY_FORMAT')
      expect(error.message).to.include('REDIS_ENCRYPTION_KEY').and.include('64 hex digits')
      if (text !== '') expect(error.message).not.to.include(text)
    })
  }

  it('is never quoted, whatever was written', () => {
    const start = fc.constantFrom('', 'pbkdf2-sha256:i=', 'pbkdf2-sha256:i=600000:salt=', 'pbkdf2-sha512:')
    const rest = fc.oneof(fc.string(), fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(start, rest, rest, (form, before, after) => {
        const error = errorOf(() => parseKey(`${form}${before}swordfish${after}`))
        return error.code === 'ERR_KEY_FORMAT' && !error.message.includes('swordfish')
      }),
    )
  })

  it('is not shown by looking at what was parsed', () => {
    const text = randomBytes(32).toString('hex')
    expect(JSON.stringify(parseKey(text))).not.to.include(text.slice(0, 8))
  })
})

describe('a key to be derived from a passphrase', () => {
  const SALT = Buffer.alloc(16, 0xfe)

  it('is read with its iterations and salt', () => {
    for (const salt of [SALT.toString('base64'), SALT.toString('base64url')]) {
      const parsed = parseKey(`pbkdf2-sha256:i=600000:salt=${salt}`)
      expect(parsed).to.deep.equal({ kind: 'pbkdf2', iterations: 600_000, salt: SALT })
    }
  })

  const REFUSED: Readonly<Record<string, [text: string, expected: string]>> = {
    'another function': [`pbkdf2-sha512:i=600000:salt=${SALT.toString('base64')}`, 'pbkdf2-sha256'],
    'fewer than 10 000 iterations': [`pbkdf2-sha256:i=9999:salt=${SALT.toString('base64')}`, '10000'],
    'iterations that take minutes': [`pbkdf2-sha256:i=10000001:salt=${SALT.toString('base64')}`, '10000000'],
    'iterations in another notation': [`pbkdf2-sha256:i=1e6:salt=${SALT.toString('base64')}`, 'i=600000'],
    'a leading zero': [`pbkdf2-sha256:i=0600000:salt=${SALT.toString('base64')}`, 'i=600000'],
    'a salt of 15 bytes': [`pbkdf2-sha256:i=600000:salt=${Buffer.alloc(15).toString('base64')}`, '16'],
    'a salt that is not base64': ['pbkdf2-sha256:i=600000:salt=%%%', 'base64'],
    'no salt': ['pbkdf2-sha256:i=600000', 'salt='],
  }
  for (const [form, [text, expected]] of Object.entries(REFUSED)) {
    it(`is refused with ${form}`, () => {
      const error = errorOf(() => parseKey(text))
      expect(error.code).to.equal('ERR_KEY_FORMAT')
      expect(error.message).to.include(expected)
    })
  }
})
