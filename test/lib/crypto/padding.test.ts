import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'
import { pad, padmeSize, unpad } from '../../../lib/crypto/padding.js'
import { reasonOf } from './support.js'

describe('Padmé sizes', () => {
  it('are what the algorithm of the paper gives', () => {
    const sizes = [0, 1, 2, 7, 8, 9, 10, 11, 16, 17, 99, 100, 1000, 1025, 10_000, 100_000, 1_048_577]
    expect(sizes.map(padmeSize)).to.deep.equal([
      0, 1, 2, 7, 8, 10, 10, 12, 16, 18, 104, 104, 1024, 1088, 10_240, 100_352, 1_081_344,
    ])
  })

  it('cost at most 12 %, never shrink, and are sizes themselves', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 - 1 }), (length) => {
        const size = padmeSize(length)
        return size >= length && size <= length * 1.12 && padmeSize(size) === size
      }),
    )
  })

  it('grow with the length', () => {
    let last = 0
    for (let length = 0; length < 20_000; length++) {
      expect(padmeSize(length)).to.be.at.least(last)
      last = padmeSize(length)
    }
  })
})

describe('padding', () => {
  it('comes off again, whatever was padded', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const padded = pad(bytes)
        return padded.length === padmeSize(bytes.length + 1) && unpad(padded).equals(bytes)
      }),
    )
  })

  it('comes off from bytes that look like padding', () => {
    for (const hex of ['', '80', '8000', '800000', '00', '0080']) {
      expect(unpad(pad(Buffer.from(hex, 'hex'))).toString('hex')).to.equal(hex)
    }
  })

  it('comes off with any number of zeros', () => {
    expect(unpad(Buffer.from('616280', 'hex')).toString()).to.equal('ab')
    expect(unpad(Buffer.from(`616280${'00'.repeat(999)}`, 'hex')).toString()).to.equal('ab')
  })

  it('is refused without its marker', () => {
    for (const hex of ['', '00', '0000', '61', '6181', '618100']) {
      expect(
        reasonOf(() => unpad(Buffer.from(hex, 'hex'))),
        hex,
      ).to.equal('format')
    }
  })
})
