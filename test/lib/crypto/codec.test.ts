import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'
import { decode, encode, EncodingScratch } from '../../../lib/crypto/codec.js'
import { errorOf, reasonOf } from './support.js'

describe('the codec', () => {
  it('gives back every JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { codec, payload } = encode(value)
        expect(codec).to.equal('json')
        expect(decode(codec, payload)).to.deep.equal(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('writes the same bytes into its scratch, for values of every size, again and again', () => {
    // Two bytes each: below, at and above what the scratch grows to.
    const paddings = fc.oneof(fc.nat(40_000), fc.constantFrom(300_000, 524_000, 524_288, 600_000))
    const scratch = new EncodingScratch()
    fc.assert(
      fc.property(fc.jsonValue(), paddings, (value, padding) => {
        for (const each of [value, 'é'.repeat(padding), new Uint8Array([1, 2])]) {
          const { codec, payload } = scratch.encode(each)
          const wanted = encode(each)
          expect(codec).to.equal(wanted.codec)
          expect(Buffer.compare(payload, wanted.payload)).to.equal(0)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('takes bytes as they are, without a copy', () => {
    for (const bytes of [new Uint8Array([1, 2]), Buffer.from('ab'), new Uint8Array()]) {
      expect(encode(bytes)).to.deep.equal({ codec: 'bytes', payload: bytes })
      expect(decode('bytes', bytes)).to.equal(bytes)
    }
  })

  it('takes bytes from another realm, such as a test runner’s', () => {
    expect(encode(runInNewContext('new Uint8Array([1, 2])')).codec).to.equal('bytes')
  })

  it('writes JSON as UTF-8', () => {
    expect(Buffer.from(encode('grüße 🔑').payload).toString()).to.equal('"grüße 🔑"')
  })

  it('keeps a lone surrogate', () => {
    const { codec, payload } = encode({ text: '\ud800' })
    expect(decode(codec, payload)).to.deep.equal({ text: '\ud800' })
  })

  it('refuses what JSON would lose', () => {
    expect(errorOf(() => encode(new Map())).code).to.equal('ERR_CACHE_VALUE')
  })

  const BROKEN: Readonly<Record<string, string>> = {
    'no bytes': '',
    'half a value': Buffer.from('{"a":').toString('hex'),
    'two values': Buffer.from('1 2').toString('hex'),
    'a byte order mark': 'efbbbf3122',
    'a broken sequence of UTF-8': '22c32822',
    'a surrogate in UTF-8': '22eda08022',
    NaN: Buffer.from('NaN').toString('hex'),
  }
  for (const [what, hex] of Object.entries(BROKEN)) {
    it(`does not decode ${what}`, () => {
      expect(reasonOf(() => decode('json', Buffer.from(hex, 'hex')))).to.equal('decode')
    })
  }

  it('sets no prototype from what it decodes', () => {
    const value = decode('json', Buffer.from('{"__proto__":{"isAdmin":true}}'))
    expect(value).not.to.have.property('isAdmin')
    expect({}).not.to.have.property('isAdmin')
  })
})
