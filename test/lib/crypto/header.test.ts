import { expect } from 'chai'
import { describe, it } from 'mocha'
import { asBuffer, describeHeader, flagsOf, readForm, writeHeader } from '../../../lib/crypto/header.js'
import { errorOf } from './support.js'

/** The first 27 bytes of a sealed value, with these flags. */
function header(flags: number): Buffer {
  const bytes = Buffer.alloc(27)
  writeHeader(bytes, { flags, keyId: Buffer.alloc(16, 0xab), issuedAt: 1_750_000_000, lifetimeSeconds: 90 })
  return bytes
}

describe('the header', () => {
  it('lies as docs/envelope.md says', () => {
    expect(header(0x41).toString('hex')).to.equal(`c10141${'ab'.repeat(16)}684ee1800000005a`)
  })

  it('says everything in clear but the nonce, from the first 27 bytes', () => {
    expect(describeHeader(header(0b1101_0001))).to.deep.equal({
      codec: 'json',
      compression: 'brotli',
      padded: true,
      hasMetadata: true,
      keyId: 'ab'.repeat(16),
      issuedAt: 1_750_000_000,
      lifetimeSeconds: 90,
    })
  })

  it('has a meaning for 24 of the 256 flags, and each is written as it is read', () => {
    const forms = Array.from({ length: 256 }, (_, flags) => readForm(header(flags)))
    expect(forms.filter((form) => form !== undefined)).to.have.length(24)
    for (const [flags, form] of forms.entries()) {
      expect(form !== undefined, `flags ${flags}`).to.equal((flags & 7) < 2 && ((flags >> 3) & 7) < 3)
      if (form !== undefined) expect(flagsOf(form)).to.equal(flags)
    }
  })

  it('is none with another magic byte or suite, or when cut short', () => {
    for (const [at, value] of [
      [0, 0xc0],
      [0, 0x7b],
      [1, 0],
      [1, 2],
    ] as const) {
      const bytes = header(1)
      bytes[at] = value
      expect(describeHeader(bytes)).to.equal(undefined)
    }
    for (let length = 0; length < 27; length++) {
      expect(describeHeader(header(1).subarray(0, length)), `${length} bytes`).to.equal(undefined)
    }
  })

  it('is not written for a codec or compression that does not exist', () => {
    const form = { codec: 'json', compression: 'none', padded: false, hasMetadata: false } as const
    for (const wrong of [{ codec: 'xml' }, { compression: 'gzip' }] as unknown as Partial<typeof form>[]) {
      const error = errorOf(() => flagsOf({ ...form, ...wrong }))
      expect(error.code).to.equal('ERR_CACHE_SEAL')
      expect(error.message).to.equal('codec must be bytes or json, compression none or deflate-raw or brotli')
    }
  })

  it('is read from any Uint8Array, within its bounds', () => {
    const wide = new Uint8Array([9, 9, ...header(1), 9])
    expect(describeHeader(wide.subarray(2, 29))?.issuedAt).to.equal(1_750_000_000)
    expect(asBuffer(wide.subarray(2, 29)).equals(header(1))).to.equal(true)
  })
})
