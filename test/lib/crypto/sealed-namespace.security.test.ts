import { inspect } from 'node:util'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'
import { Envelope, type SealOptions } from '../../../lib/crypto/envelope.js'
import { KeyRing } from '../../../lib/crypto/key-ring.js'
import { OpenError } from '../../../lib/errors.js'
import { encryption, envelope, keyText, NOW_MS, reasonOf } from './support.js'

const PAYLOAD = Buffer.from('{"account":"0123456789"}')
const OPTIONS: SealOptions = { codec: 'json', lifetimeSeconds: 60 }
const users = envelope().namespace('app:', 'users')
const sealed = users.seal('42', PAYLOAD, OPTIONS)

function altered(at: number, mask: number): Buffer {
  const bytes = Buffer.from(sealed)
  bytes[at] = (bytes[at] ?? 0) ^ mask
  return bytes
}

/** What an altered byte at this place may be told as. */
function expectedReasons(at: number): readonly string[] {
  if (at < 2) return ['format']
  if (at === 2) return ['format', 'tag']
  return at < 19 ? ['unknown_key'] : ['tag']
}

describe('a sealed value under attack', () => {
  it('is refused with any bit of any byte altered', () => {
    for (let at = 0; at < sealed.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const reason = reasonOf(() => users.open('42', altered(at, 1 << bit)))
        expect(expectedReasons(at), `byte ${at}, bit ${bit}`).to.include(reason)
      }
    }
  })

  it('is refused with any byte of the header replaced by any other', () => {
    for (let at = 0; at < 27; at++) {
      for (let mask = 1; mask < 256; mask++) {
        const reason = reasonOf(() => users.open('42', altered(at, mask)))
        expect(expectedReasons(at), `byte ${at}, mask ${mask}`).to.include(reason)
      }
    }
  })

  it('is refused at every other length, cut at the end', () => {
    for (let length = 0; length < sealed.length; length++) {
      const reason = reasonOf(() => users.open('42', sealed.subarray(0, length)))
      expect(reason, `${length} bytes`).to.equal(length < 67 ? 'format' : 'tag')
    }
  })

  it('is refused with bytes cut from the front or the middle', () => {
    for (let at = 0; at < sealed.length; at++) {
      const cut = Buffer.concat([sealed.subarray(0, at), sealed.subarray(at + 1)])
      expect(
        reasonOf(() => users.open('42', cut)),
        `byte ${at}`,
      ).not.to.equal('opened')
    }
  })

  it('is refused with bytes added, wherever they are put', () => {
    for (let at = 0; at <= sealed.length; at++) {
      const longer = Buffer.concat([sealed.subarray(0, at), Buffer.alloc(1), sealed.subarray(at)])
      expect(
        reasonOf(() => users.open('42', longer)),
        `at ${at}`,
      ).not.to.equal('opened')
    }
    for (let more = 1; more < 40; more++) {
      const longer = Buffer.concat([sealed, Buffer.alloc(more)])
      expect(
        reasonOf(() => users.open('42', longer)),
        `${more} more`,
      ).to.equal('tag')
    }
  })

  it('is refused with parts of another value of the same key', () => {
    const other = users.seal('42', Buffer.from('{"account":"9876543210"}'), OPTIONS)
    for (let at = 1; at < sealed.length; at++) {
      const spliced = Buffer.concat([sealed.subarray(0, at), other.subarray(at)])
      const isEitherWhole = spliced.equals(sealed) || spliced.equals(other)
      if (!isEitherWhole)
        expect(
          reasonOf(() => users.open('42', spliced)),
          `at ${at}`,
        ).to.equal('tag')
    }
  })

  it('is refused under every other place', () => {
    const part = fc.string({ maxLength: 5, unit: fc.constantFrom('a', 'p', ':', 'u', '/', '4', '2') })
    const places = fc.tuple(part, part, part).filter((place) => place.join('|') !== 'app:|users|42')
    fc.assert(
      fc.property(places, ([prefix, name, key]) => {
        return reasonOf(() => envelope().namespace(prefix, name).open(key, sealed)) === 'tag'
      }),
    )
  })

  it('is refused under another key that claims the same id', () => {
    const foreign = new Envelope({ keyRing: KeyRing.create(encryption(keyText(2))), now: () => NOW_MS })
    const forged = foreign.namespace('app:', 'users').seal('42', PAYLOAD, OPTIONS)
    expect(reasonOf(() => users.open('42', forged))).to.equal('unknown_key')
    sealed.copy(forged, 3, 3, 19)
    expect(reasonOf(() => users.open('42', forged))).to.equal('tag')
  })

  it('opens no bytes that were not sealed, and fails in no other way', () => {
    const header = sealed.subarray(0, 19)
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 200 }).map((rest) => Buffer.concat([header, rest])),
    )
    fc.assert(
      fc.property(hostile, (bytes) =>
        ['format', 'unknown_key', 'tag'].includes(reasonOf(() => users.open('42', bytes))),
      ),
      { numRuns: 3000 },
    )
  })

  it('tells nothing in its error: the message is the same for every reason, without cause or bytes', () => {
    const errors = [Buffer.from('{}'), altered(3, 1), altered(60, 1)].map((bytes) => {
      try {
        return users.open('42', bytes)
      } catch (error) {
        return error
      }
    })
    for (const error of errors) {
      if (!(error instanceof OpenError)) throw new Error('it opened')
      expect(error.cause).to.equal(undefined)
      expect(inspect(error)).not.to.include('account').and.not.include('app:').and.not.include('42')
    }
    expect(new Set(errors.map((error) => String(error))).size).to.equal(1)
  })

  it('does not tell, in an error of sealing, what was to be sealed', () => {
    try {
      envelope({ maxPayloadBytes: 10 }).namespace('app:', 'users').seal('secret-key', PAYLOAD, OPTIONS)
    } catch (error) {
      expect(inspect(error)).not.to.include('account').and.not.include('secret-key')
      return
    }
    throw new Error('nothing was thrown')
  })
})
