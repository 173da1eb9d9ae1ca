import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'
import { AdditionalData, aadNamespace } from '../../../lib/crypto/additional-data.js'
import { errorOf } from './support.js'

const HEADER = Buffer.from(Array.from({ length: 51 }, (_, i) => i))

function additionalData(prefix: string, name: string, key: string): string {
  return new AdditionalData(aadNamespace(prefix, name)).of(HEADER, key).toString('hex')
}

describe('additional data', () => {
  it('lies as docs/envelope.md says', () => {
    expect(additionalData('p:', 'n', 'kä')).to.equal(
      [HEADER.toString('hex', 0, 27), '00', '0004', '703a006e', '00000003', '6bc3a4'].join(''),
    )
  })

  it('differs wherever prefix, namespace or key differ', () => {
    const text = fc.string({ maxLength: 4, unit: fc.constantFrom('a', ':', '/', 'ä', '\u0001') })
    const place = fc.tuple(text, text, text)
    fc.assert(
      fc.property(place, place, (one, other) => {
        const same = one.every((part, i) => part === other[i])
        return (additionalData(...one) === additionalData(...other)) === same
      }),
    )
  })

  it('has room for a key of any length', () => {
    for (const length of [0, 341, 342, 1024, 1025, 70_000]) {
      for (const unit of ['k', '€']) {
        const key = unit.repeat(length)
        const hex = additionalData('p:', '', key)
        expect(hex.slice(-8 - Buffer.byteLength(key) * 2)).to.equal(
          Buffer.byteLength(key).toString(16).padStart(8, '0') + Buffer.from(key).toString('hex'),
        )
      }
    }
  })

  it('is the same after any other key was in the buffer', () => {
    const data = new AdditionalData(aadNamespace('p:', 'n'))
    const first = data.of(HEADER, 'a key').toString('hex')
    data.of(HEADER, 'another, longer key')
    data.of(HEADER, 'x'.repeat(5000))
    expect(data.of(HEADER, 'a key').toString('hex')).to.equal(first)
  })

  it('refuses a key with a lone surrogate, which would have the bytes of another', () => {
    for (const key of ['\ud800', 'a\udc00b', '\udc00\ud800', `${'k'.repeat(2000)}\ud800`]) {
      expect(errorOf(() => additionalData('p:', 'n', key)).code).to.equal('ERR_CACHE_KEY')
    }
    expect(additionalData('p:', 'n', '\ufffd')).to.include('efbfbd')
  })

  it('refuses a prefix or namespace that is no text without NUL', () => {
    for (const [prefix, name] of [
      ['a\0b', 'c'],
      ['a', 'b\0c'],
      ['\ud800', ''],
      ['', '\udc00'],
      ['\ud800', '\udc00'],
    ] as const) {
      expect(errorOf(() => aadNamespace(prefix, name)).code).to.equal('ERR_CACHE_NAMESPACE')
    }
  })

  it('refuses more namespace than HKDF takes', () => {
    expect(aadNamespace('p:', 'n'.repeat(984))).to.have.length(987)
    const error = errorOf(() => aadNamespace('p:', 'n'.repeat(985)))
    expect(error.code).to.equal('ERR_CACHE_NAMESPACE')
    expect(error.message).to.include('at most 986 bytes').and.include('got 987')
  })
})
