import { expect } from 'chai'
import { describe, it } from 'mocha'
import { Envelope } from '../../../lib/crypto/envelope.js'
import { KeyRing } from '../../../lib/crypto/key-ring.js'
import { encryption, envelope, errorOf, keyText, NOW_MS, NOW_SECONDS, reasonOf } from './support.js'

const OPTIONS = { codec: 'bytes', lifetimeSeconds: 60 } as const

describe('the envelope', () => {
  it('describes a sealed value from its first 27 bytes, without a key', () => {
    const sealed = envelope().namespace('app:', 'users').seal('42', Buffer.from('x'), OPTIONS)
    expect(Envelope.describe(sealed.subarray(0, 27))).to.deep.equal({
      codec: 'bytes',
      compression: 'none',
      padded: false,
      hasMetadata: false,
      keyId: KeyRing.create(encryption(keyText(1))).primaryId,
      issuedAt: NOW_SECONDS,
      lifetimeSeconds: 60,
    })
  })

  it('describes nothing else', () => {
    for (const text of ['', '{}', 'gAAAAABoTuGAAAAAAAAAAAAAAAAAAAAAALSGIv4u9lIK']) {
      expect(Envelope.describe(Buffer.from(text))).to.equal(undefined)
    }
  })

  it('uses the system’s clock and randomness unless it is given others', () => {
    const keyRing = KeyRing.create(encryption(keyText(1)))
    const namespace = new Envelope({ keyRing }).namespace('app:', '')
    const before = Math.floor(Date.now() / 1000)
    const [one, other] = [1, 2].map(() => namespace.seal('k', Buffer.from('x'), OPTIONS))
    expect(one?.equals(other ?? Buffer.alloc(0))).to.equal(false)
    expect(namespace.open('k', one ?? Buffer.alloc(0)).issuedAt).to.be.within(before, before + 60)
  })

  it('takes its randomness from where it is told', () => {
    const random = (bytes: Uint8Array) => bytes.fill(0xee)
    const sealed = envelope({ random }).namespace('app:', '').seal('k', Buffer.from('x'), OPTIONS)
    expect(sealed.toString('hex', 27, 51)).to.equal('ee'.repeat(24))
  })

  it('opens in one process what another one sealed', () => {
    const sealed = envelope().namespace('app:', 'users').seal('42', Buffer.from('x'), OPTIONS)
    expect(envelope().namespace('app:', 'users').open('42', sealed).payload.toString()).to.equal('x')
  })

  it('bounds payloads on the way in and on the way out', () => {
    const small = envelope({ maxPayloadBytes: 10 }).namespace('app:', '')
    const error = errorOf(() => small.seal('k', Buffer.alloc(11), OPTIONS))
    expect(error.code).to.equal('ERR_CACHE_TOO_LARGE')
    expect(error.message).to.equal('a value may have at most 10 bytes, this one has 11')
    expect(small.open('k', small.seal('k', Buffer.alloc(10), OPTIONS)).payload).to.have.length(10)
    const compression = 'deflate-raw'
    for (const options of [OPTIONS, { ...OPTIONS, compression } as const]) {
      for (const length of [11, 1_000_000]) {
        const large = envelope().namespace('app:', '').seal('k', Buffer.alloc(length), options)
        expect(reasonOf(() => small.open('k', large))).to.equal('too_large')
      }
    }
  })

  it('refuses what is far above its bound before it is decrypted', () => {
    const small = envelope({ maxPayloadBytes: 10 }).namespace('app:', '')
    const large = envelope().namespace('app:', '').seal('k', Buffer.alloc(100_000), OPTIONS)
    large[60] = (large[60] ?? 0) ^ 1
    expect(reasonOf(() => small.open('k', large))).to.equal('too_large')
  })

  it('refuses a bound that is none', () => {
    const keyRing = KeyRing.create(encryption(keyText(1)))
    for (const maxPayloadBytes of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 30]) {
      expect(errorOf(() => new Envelope({ keyRing, maxPayloadBytes })).code).to.equal('ERR_CACHE_MISUSE')
    }
  })

  it('seals with the new key and opens under both while keys are swapped', async () => {
    const keyRing = KeyRing.create(encryption(keyText(1)))
    const namespace = new Envelope({ keyRing, now: () => NOW_MS }).namespace('app:', 'users')
    const old = namespace.seal('42', Buffer.from('old'), OPTIONS)
    await keyRing.replace(encryption(keyText(2), keyText(1)))
    const fresh = namespace.seal('42', Buffer.from('new'), OPTIONS)
    expect(namespace.open('42', fresh)).to.include({ keyId: keyRing.primaryId })
    expect(namespace.open('42', old)).to.include({ keyId: keyRing.acceptedIds[0] })
    await keyRing.replace(encryption(keyText(2)))
    expect(reasonOf(() => namespace.open('42', old))).to.equal('unknown_key')
    expect(namespace.open('42', fresh).payload.toString()).to.equal('new')
  })
})
