import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { createAuthority } from '../../../generators/certificates.js'
import {
  certificates,
  longToken,
  password,
  privateKey,
  webhookSecret,
} from '../../../lib/settings/secret-texts.js'
import { Refusal } from '../../../lib/settings/validator.js'

describe('password', () => {
  for (const text of ['with spaces and "quotes"', "$'\\%#:;{}", 'größe🦊', ' edges ']) {
    it(`keeps ${JSON.stringify(text)} exactly`, () => expect(password.parse(text).reveal()).to.equal(text))
  }
  for (const text of [
    'line\nbreak',
    'carriage\rreturn',
    'tab\there',
    'nul\u0000',
    'escape\u001b',
    'half \ud800 pair',
    'next\u0085line',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => password.parse(text)).to.throw(Refusal, 'without control characters')
    })
  }
})

describe('password with a byte-order mark', () => {
  it('is refused at its start, where files lose it, and kept elsewhere', () => {
    expect(() => password.parse('\uFEFFpassword')).to.throw(Refusal, 'byte-order mark')
    expect(password.parse('pass\uFEFFword').reveal()).to.equal('pass\uFEFFword')
  })
})

describe('longToken', () => {
  it('accepts 32 visible characters', () =>
    expect(longToken.parse('a'.repeat(32)).reveal()).to.have.length(32))
  for (const text of [
    'a'.repeat(31),
    `${'a'.repeat(31)} `,
    `${'a'.repeat(40)}é`,
    `${'a'.repeat(40)}\n`,
    '',
  ]) {
    it(`refuses ${text.length} characters ending in ${JSON.stringify(text.slice(-1))}`, () => {
      expect(() => longToken.parse(text)).to.throw(Refusal)
    })
  }
})

describe('webhookSecret', () => {
  for (const length of [24, 32, 64]) {
    it(`accepts ${length} bytes`, () => {
      const text = `whsec_${randomBytes(length).toString('base64')}`
      expect(webhookSecret.parse(text).reveal()).to.equal(text)
    })
  }
  for (const text of [
    randomBytes(32).toString('base64'),
    `whsec_${randomBytes(23).toString('base64')}`,
    `whsec_${randomBytes(65).toString('base64')}`,
    'whsec_',
    'whsec_!!!!',
    `whsec_${'A'.repeat(33)}`,
  ]) {
    it(`refuses ${text.length} characters`, () => expect(() => webhookSecret.parse(text)).to.throw(Refusal))
  }
})

describe('certificates and privateKey', () => {
  let certificate: string
  const { privateKey: keyObject } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = keyObject.export({ type: 'pkcs8', format: 'pem' }).toString()

  before(async () => {
    certificate = (await createAuthority({ commonName: 'test' })).certPem
  })

  it('accept PEM, several certificates, text around them, and \\n written out', () => {
    expect(certificates.parse(certificate)).to.equal(certificate)
    expect(certificates.parse(`# root\n${certificate}\n${certificate}`)).to.include('# root')
    expect(certificates.parse(certificate.replaceAll('\n', String.raw`\n`))).to.equal(certificate)
    expect(privateKey.parse(pem).reveal()).to.equal(pem)
  })

  it('say _FILE where a path was given', () => {
    expect(() => certificates.parse('/etc/ssl/ca.crt')).to.throw(Refusal, '_FILE')
    expect(() => privateKey.parse('./tls/client.key')).to.throw(Refusal, '_FILE')
  })

  it('refuse what is damaged, encrypted, swapped or a lookalike', () => {
    expect(() => certificates.parse(certificate.replace(/MII/, 'XXX'))).to.throw(Refusal, 'damaged')
    expect(() => certificates.parse(`${certificate}${certificate.replace(/MII/, 'XXX')}`)).to.throw(
      Refusal,
      'damaged',
    )
    expect(() => certificates.parse(pem)).to.throw(Refusal)
    expect(() => privateKey.parse(certificate)).to.throw(Refusal)
    expect(() => privateKey.parse(pem.replace(/MIG/, 'XXX'))).to.throw(Refusal, 'damaged')
    const locked = keyObject
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
      .toString()
    expect(() => privateKey.parse(locked)).to.throw(Refusal, 'without a passphrase')
  })
})
