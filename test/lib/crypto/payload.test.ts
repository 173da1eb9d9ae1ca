import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'
import { unwrap, wrap } from '../../../lib/crypto/payload.js'
import { reasonOf } from './support.js'

const LIMIT = 100_000
const WORDS = Buffer.from('some words and some words and some words')

describe('a payload', () => {
  it('comes out as it went in, with any compression, padding and metadata', () => {
    const options = fc.record({
      compression: fc.constantFrom('none', 'deflate-raw', 'brotli'),
      padded: fc.boolean(),
      metadata: fc.option(fc.record({ loadCostMs: fc.nat() }), { nil: undefined }),
    })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), options, (bytes, how) => {
        const { plaintext, compression } = wrap(bytes, how)
        const form = {
          codec: 'bytes',
          compression,
          padded: how.padded,
          hasMetadata: how.metadata !== undefined,
        } as const
        const { payload, metadata } = unwrap(Buffer.from(plaintext), form, LIMIT)
        expect(payload.equals(bytes)).to.equal(true)
        expect(metadata).to.deep.equal(how.metadata)
      }),
    )
  })

  it('is compressed first, then follows its metadata, then is padded', () => {
    const { plaintext } = wrap(WORDS, {
      compression: 'deflate-raw',
      metadata: { loadCostMs: 1 },
      padded: true,
    })
    const bytes = Buffer.from(plaintext)
    expect(bytes.toString('hex', 0, 9)).to.equal('000704000400000001')
    expect(bytes.toString('hex')).to.match(/80(00)*$/)
    expect(plaintext.length).to.be.below(WORDS.length)
  })

  it('stays as it is where compression makes it no smaller, and says so', () => {
    for (const compression of ['deflate-raw', 'brotli'] as const) {
      expect(wrap(WORDS, { compression }).compression).to.equal(compression)
      const noise = randomBytes(100)
      expect(wrap(noise, { compression })).to.deep.equal({ plaintext: noise, compression: 'none' })
    }
  })

  it('is not copied where nothing is done to it', () => {
    expect(wrap(WORDS, {}).plaintext).to.equal(WORDS)
  })

  it('is bounded also where it is not compressed', () => {
    const form = { codec: 'bytes', compression: 'none', padded: false, hasMetadata: false } as const
    expect(unwrap(WORDS, form, WORDS.length).payload.equals(WORDS)).to.equal(true)
    expect(reasonOf(() => unwrap(WORDS, form, WORDS.length - 1))).to.equal('too_large')
  })
})
