import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { encryptionKey, encryptionKeys, isDerived, isGuessable } from '../../../lib/settings/keys.js'
import { Secret } from '../../../lib/settings/secret.js'
import { Refusal } from '../../../lib/settings/validator.js'

const HEX = randomBytes(32).toString('hex')
const BASE64 = randomBytes(32).toString('base64')
const DERIVED = `pbkdf2-sha256:i=600000:salt=${randomBytes(16).toString('base64')}`

describe('encryptionKey', () => {
  for (const text of [HEX, BASE64, BASE64.replace('=', ''), DERIVED, ` ${HEX}\n`]) {
    it(`accepts ${text.trim().slice(0, 13)}… of ${text.length} characters`, () => {
      expect(encryptionKey.parse(text).reveal()).to.equal(text.trim())
    })
  }

  for (const text of [
    '',
    'short',
    HEX.slice(1),
    `${HEX}00`,
    `${BASE64}=`,
    'g'.repeat(64),
    'pbkdf2-sha256:i=1:salt=x',
    `${DERIVED}!`,
  ]) {
    it(`refuses a text of ${text.length} characters (${text.slice(0, 5)}…), naming the accepted forms`, () => {
      expect(() => encryptionKey.parse(text)).to.throw(Refusal, /64 hex digits|iterations|salt/)
    })
  }
})

describe('encryptionKeys', () => {
  it('reads a list with room around the commas', () => {
    expect(encryptionKeys.parse(`${HEX}, ${DERIVED} ,${BASE64},`).map((key) => key.reveal())).to.deep.equal([
      HEX,
      DERIVED,
      BASE64,
    ])
  })

  it('says which key of the list is wrong', () => {
    expect(() => encryptionKeys.parse(`${HEX},oops`)).to.throw(Refusal, 'key 2 of the list')
  })

  it('refuses more keys than the ring holds', () => {
    const keys = (count: number) =>
      Array.from({ length: count }, () => randomBytes(32).toString('hex')).join(',')
    expect(encryptionKeys.parse(keys(15))).to.have.length(15)
    expect(() => encryptionKeys.parse(keys(16))).to.throw(Refusal, 'at most 15 keys, got 16')
  })
})

describe('isDerived', () => {
  it('tells a passphrase key from bytes', () => {
    expect([DERIVED, HEX].map((key) => isDerived(new Secret(key)))).to.deep.equal([true, false])
  })
})

describe('isGuessable', () => {
  it('finds patterns and readable text', () => {
    for (const bytes of [
      Buffer.alloc(32, 7),
      Buffer.from('0123456789abcdef'.repeat(4), 'hex'),
      Buffer.from(Array.from({ length: 32 }, (_, index) => index)),
      Buffer.from('my-super-secret-key-32-bytes-ok!'),
    ]) {
      expect(isGuessable(new Secret(bytes.toString('base64'))), bytes.toString('hex')).to.equal(true)
    }
  })

  it('finds nothing in random bytes, nor in a derived key', () => {
    expect(isGuessable(new Secret(DERIVED))).to.equal(false)
    for (let round = 0; round < 1000; round++) {
      expect(isGuessable(new Secret(randomBytes(32).toString('hex')))).to.equal(false)
    }
  })
})
