import { createHash, createSecretKey } from 'node:crypto'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { gcmOpen, gcmSeal, XaesKey } from '../../../lib/crypto/xaes.js'

const NONCE = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWX')
const PLAINTEXT = Buffer.from('XAES-256-GCM')

/** https://c2sp.org/XAES-256-GCM, test vectors. */
const PUBLISHED = [
  {
    key: Buffer.alloc(32, 1),
    derived: 'c8612c9ed53fe43e8e005b828a1631a0bbcb6ab2f46514ec4f439fcfd0fa969b',
    additionalData: '',
    result: 'ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271',
  },
  {
    key: Buffer.alloc(32, 3),
    derived: 'e9c621d4cdd9b11b00a6427ad7e559aeedd66b3857646677748f8ca796cb3fd8',
    additionalData: 'c2sp.org/XAES-256-GCM',
    result: '986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d',
  },
]

const ACCUMULATED = 'e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939'

interface Message {
  readonly key: Uint8Array
  readonly nonce: Uint8Array
  readonly additionalData: Uint8Array
}

function gcmInput({ key, nonce, additionalData }: Message) {
  const subkey = new XaesKey(createSecretKey(key)).subkey(nonce, 0)
  return { subkey, nonce: nonce.subarray(12), additionalData }
}

function seal(message: Message, plaintext: Uint8Array): Buffer {
  const sealed = Buffer.alloc(plaintext.length + 16)
  gcmSeal(gcmInput(message), plaintext, sealed)
  return sealed
}

describe('XAES-256-GCM', () => {
  for (const [i, { key, derived, additionalData, result }] of PUBLISHED.entries()) {
    const message = { key, nonce: NONCE, additionalData: Buffer.from(additionalData) }

    it(`derives the published subkey ${i + 1}`, () => {
      expect(gcmInput(message).subkey.export().toString('hex')).to.equal(derived)
    })

    it(`gives the published result ${i + 1} and opens it`, () => {
      expect(seal(message, PLAINTEXT).toString('hex')).to.equal(result)
      expect(gcmOpen(gcmInput(message), Buffer.from(result, 'hex'), 0)?.toString()).to.equal('XAES-256-GCM')
    })
  }

  it('gives the accumulated result of 10 000 rounds', () => {
    const lengths = 2 + 255 + 255
    const source = createHash('shake128', { outputLength: 10_000 * (32 + 24 + lengths) }).digest()
    let at = 0
    const draw = (length: number) => source.subarray(at, (at += length))
    const drawCounted = () => draw(draw(1)[0] ?? 0)
    const results = createHash('shake128', { outputLength: 32 })
    for (let round = 0; round < 10_000; round++) {
      const key = draw(32)
      const nonce = draw(24)
      const plaintext = drawCounted()
      const message = { key, nonce, additionalData: drawCounted() }
      const sealed = seal(message, plaintext)
      expect(gcmOpen(gcmInput(message), sealed, 0)?.equals(plaintext)).to.equal(true)
      results.update(sealed)
    }
    expect(results.digest('hex')).to.equal(ACCUMULATED)
  })

  it('refuses a tag of every length below 16', () => {
    const message = { key: Buffer.alloc(32, 1), nonce: NONCE, additionalData: Buffer.alloc(0) }
    const sealed = seal(message, PLAINTEXT)
    for (let length = 0; length < sealed.length; length++) {
      expect(gcmOpen(gcmInput(message), sealed.subarray(0, length), 0), `length ${length}`).to.equal(
        undefined,
      )
    }
  })

  it('keeps deriving the same subkey, whatever was derived between', () => {
    const key = new XaesKey(createSecretKey(Buffer.alloc(32, 7)))
    const first = key.subkey(NONCE, 0).export()
    key.subkey(NONCE, 3)
    expect(key.subkey(NONCE, 0).export().equals(first)).to.equal(true)
  })
})
