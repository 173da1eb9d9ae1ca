import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'
import { compress, decompress } from '../../../lib/crypto/compression.js'
import { reasonOf } from './support.js'

const LIMIT = 1_000_000

for (const method of ['deflate-raw', 'brotli'] as const) {
  describe(`compression with ${method}`, () => {
    it('gives back what it was given', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) =>
          decompress(method, compress(method, bytes), LIMIT).equals(bytes),
        ),
      )
    })

    it('gives out as many bytes as are allowed and not one more', () => {
      for (const bytes of [Buffer.alloc(LIMIT), randomBytes(LIMIT)]) {
        const compressed = compress(method, bytes)
        expect(decompress(method, compressed, LIMIT)).to.have.length(LIMIT)
        expect(reasonOf(() => decompress(method, compressed, LIMIT - 1))).to.equal('too_large')
      }
    })

    it('does not unpack a bomb to find out how large it is', () => {
      const bomb = compress(method, Buffer.alloc(100_000_000))
      const before = process.memoryUsage().arrayBuffers
      expect(reasonOf(() => decompress(method, bomb, LIMIT))).to.equal('too_large')
      expect(process.memoryUsage().arrayBuffers - before).to.be.below(10 * LIMIT)
    })

    it('refuses garbage and a stream cut short at any place', () => {
      const compressed = compress(method, Buffer.from('some text, some text, some other text'))
      expect(reasonOf(() => decompress(method, Buffer.alloc(20, 0xff), LIMIT))).to.equal('decode')
      for (let length = 0; length < compressed.length; length++) {
        const cut = compressed.subarray(0, length)
        expect(
          reasonOf(() => decompress(method, cut, LIMIT)),
          `${length} bytes`,
        ).to.equal('decode')
      }
    })
  })
}
