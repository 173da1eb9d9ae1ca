import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'
import type { SealOptions } from '../../../lib/crypto/envelope.js'
import { KeyRing } from '../../../lib/crypto/key-ring.js'
import { Secret } from '../../../lib/settings/secret.js'
import { encryption, envelope, errorOf, keyText, NOW_MS, NOW_SECONDS, reasonOf } from './support.js'

const PAYLOAD = Buffer.from('{"total":42}')
const OPTIONS: SealOptions = { codec: 'json', lifetimeSeconds: 60 }

/** A namespace whose clock the test moves. */
function underClock() {
  const clock = { ms: NOW_MS }
  return { clock, namespace: envelope({ now: () => clock.ms }).namespace('app:', 'users') }
}

describe('a sealed namespace', () => {
  const namespace = envelope().namespace('app:', 'users')

  it('opens what it sealed and says what is known of it', () => {
    const opened = namespace.open('42', namespace.seal('42', PAYLOAD, OPTIONS))
    expect(opened).to.deep.equal({
      payload: PAYLOAD,
      codec: 'json',
      issuedAt: NOW_SECONDS,
      lifetimeSeconds: 60,
      keyId: KeyRing.create(encryption(keyText(1))).primaryId,
      metadata: undefined,
      skewSeconds: 0,
    })
  })

  it('opens every payload under every key with every option', () => {
    const options = fc.record({
      codec: fc.constantFrom('bytes', 'json'),
      lifetimeSeconds: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      issuedAt: fc.integer({ min: NOW_SECONDS, max: 2 ** 32 - 1 }),
      compression: fc.constantFrom('none', 'deflate-raw', 'brotli'),
      padded: fc.boolean(),
      metadata: fc.option(fc.record({ softExpiry: fc.nat(), logicalName: fc.string({ unit: 'grapheme' }) }), {
        nil: undefined,
      }),
    })
    const bytes = fc.uint8Array({ maxLength: 400 })
    const key = fc.string({ unit: 'grapheme', maxLength: 60 })
    fc.assert(
      fc.property(key, bytes, options, (name, payload, how) => {
        const opened = namespace.open(name, namespace.seal(name, payload, how))
        const { codec, lifetimeSeconds, issuedAt, metadata } = how
        expect(opened).to.deep.include({
          payload: Buffer.from(payload),
          codec,
          lifetimeSeconds,
          issuedAt,
          metadata,
        })
      }),
      { numRuns: 300 },
    )
  })

  it('adds 67 bytes', () => {
    for (const length of [0, 1, 15, 16, 17, 10_000]) {
      expect(namespace.seal('k', Buffer.alloc(length), OPTIONS)).to.have.length(length + 67)
    }
  })

  it('seals a Uint8Array that is a part of a larger one', () => {
    const wide = new Uint8Array(100).fill(7)
    const part = new Uint8Array(wide.buffer, 10, 5)
    const sealed = new Uint8Array([1, 2, ...namespace.seal('k', part, OPTIONS), 3]).subarray(2, -1)
    expect(namespace.open('k', sealed).payload.toString('hex')).to.equal('0707070707')
  })

  it('hands out a payload that later calls do not change', () => {
    const opened = ['one', 'two', 'three'].map((text) => {
      return namespace.open(text, namespace.seal(text, Buffer.from(text), OPTIONS)).payload
    })
    expect(opened.map(String)).to.deep.equal(['one', 'two', 'three'])
  })

  it('never seals the same twice', () => {
    const sealed = Array.from({ length: 2000 }, () =>
      namespace.seal('k', PAYLOAD, OPTIONS).toString('hex', 27),
    )
    expect(new Set(sealed).size).to.equal(2000)
  })

  it('hides the length of a padded value', () => {
    const lengths = [900, 910, 920].map((length) => {
      return namespace.seal('k', Buffer.alloc(length), { ...OPTIONS, padded: true }).length
    })
    expect(new Set(lengths).size).to.equal(1)
  })

  it('rounds a lifetime up and the time of issue down', () => {
    const { clock, namespace: users } = underClock()
    clock.ms += 999
    const opened = users.open('k', users.seal('k', PAYLOAD, { ...OPTIONS, lifetimeSeconds: 0.001 }))
    expect(opened).to.include({ lifetimeSeconds: 1, issuedAt: NOW_SECONDS })
  })

  it('keeps the time of issue and the lifetime when a value is sealed anew', () => {
    const { clock, namespace: users } = underClock()
    const first = users.open('k', users.seal('k', PAYLOAD, OPTIONS))
    clock.ms += 50_000
    const again = users.open('k', users.seal('k', first.payload, first))
    expect(again).to.deep.equal(first)
  })

  it('opens a value until its lifetime and the skew of clocks are over', () => {
    const { clock, namespace: users } = underClock()
    const sealed = users.seal('k', PAYLOAD, OPTIONS)
    clock.ms = NOW_MS + 120_000
    expect(reasonOf(() => users.open('k', sealed))).to.equal('opened')
    clock.ms += 1
    expect(reasonOf(() => users.open('k', sealed))).to.equal('expired')
  })

  it('ends the shortest lifetime too', () => {
    const { clock, namespace: users } = underClock()
    const sealed = users.seal('k', PAYLOAD, { ...OPTIONS, lifetimeSeconds: 1 })
    clock.ms = NOW_MS + 61_001
    expect(reasonOf(() => users.open('k', sealed))).to.equal('expired')
  })

  it('opens a value without a lifetime for ever', () => {
    const { clock, namespace: users } = underClock()
    const sealed = users.seal('k', PAYLOAD, { ...OPTIONS, lifetimeSeconds: 0 })
    clock.ms = 4_000_000_000_000
    expect(reasonOf(() => users.open('k', sealed))).to.equal('opened')
  })

  it('lets nothing live on under a clock that has no time', () => {
    const { clock, namespace: users } = underClock()
    const sealed = users.seal('k', PAYLOAD, OPTIONS)
    clock.ms = Number.NaN
    expect(reasonOf(() => users.open('k', sealed))).to.equal('expired')
  })

  it('opens a value from the future and says how far ahead it is, above a minute', () => {
    const { clock, namespace: users } = underClock()
    const sealed = users.seal('k', PAYLOAD, OPTIONS)
    const skewAt = (ms: number) => {
      clock.ms = NOW_MS + ms
      return users.open('k', sealed).skewSeconds
    }
    expect([0, -60_000, -60_001, -90_000].map(skewAt)).to.deep.equal([0, 0, 61, 90])
  })

  it('refuses to seal before its keys are ready, and seals after', async () => {
    const settings = encryption(`pbkdf2-sha256:i=10000:salt=${Buffer.alloc(16).toString('base64')}`)
    const keyRing = KeyRing.create({ ...settings, passphrase: new Secret('correct horse battery staple') })
    const users = envelope({ keyRing }).namespace('app:', 'users')
    expect(errorOf(() => users.seal('k', PAYLOAD, OPTIONS)).code).to.equal('ERR_CACHE_SEAL')
    await keyRing.ready
    expect(users.open('k', users.seal('k', PAYLOAD, OPTIONS)).payload.equals(PAYLOAD)).to.equal(true)
  })

  const WRONG: Readonly<Record<string, [options: Partial<SealOptions>, code: string]>> = {
    'a negative lifetime': [{ lifetimeSeconds: -1 }, 'ERR_CACHE_TTL'],
    'a lifetime beyond 2^32': [{ lifetimeSeconds: 2 ** 32 }, 'ERR_CACHE_TTL'],
    'a lifetime that is no number': [{ lifetimeSeconds: Number.NaN }, 'ERR_CACHE_TTL'],
    'an endless lifetime': [{ lifetimeSeconds: Number.POSITIVE_INFINITY }, 'ERR_CACHE_TTL'],
    'a time before 1970': [{ issuedAt: -1 }, 'ERR_CACHE_SEAL'],
    'a time after 2106': [{ issuedAt: 2 ** 32 }, 'ERR_CACHE_SEAL'],
    'a time that is none': [{ issuedAt: Number.NaN }, 'ERR_CACHE_SEAL'],
    'an unknown codec': [{ codec: 'xml' as 'json' }, 'ERR_CACHE_SEAL'],
    'an unknown compression': [{ compression: 'gzip' as 'brotli' }, 'ERR_CACHE_SEAL'],
  }
  for (const [what, [options, code]] of Object.entries(WRONG)) {
    it(`refuses to seal with ${what}`, () => {
      expect(errorOf(() => namespace.seal('k', PAYLOAD, { ...OPTIONS, ...options })).code).to.equal(code)
    })
  }

  it('refuses a key with a lone surrogate, sealing and opening', () => {
    const sealed = namespace.seal('\ufffd', PAYLOAD, OPTIONS)
    expect(errorOf(() => namespace.seal('\ud800', PAYLOAD, OPTIONS)).code).to.equal('ERR_CACHE_KEY')
    expect(errorOf(() => namespace.open('\ud800', sealed)).code).to.equal('ERR_CACHE_KEY')
  })
})
