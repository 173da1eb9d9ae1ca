import { createSecretKey, KeyObject, randomFillSync } from 'node:crypto'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { RandomPool } from '../../../lib/crypto/random-pool.js'
import { SealingKey } from '../../../lib/crypto/sealing-key.js'
import { XaesKey, type Subkey } from '../../../lib/crypto/xaes.js'

const NONCE_AT = 27
const MASTER = createSecretKey(Buffer.alloc(32, 9))

function writer(random = new RandomPool()) {
  const key = new SealingKey(MASTER)
  return (now: number) => {
    const header = Buffer.alloc(51)
    const subkey = key.forSealing(header, random, now)
    const prefix = header.toString('hex', NONCE_AT, NONCE_AT + 12)
    return { subkey, header, prefix, rest: header.toString('hex', NONCE_AT + 12) }
  }
}

describe('a sealing key', () => {
  it('keeps its nonce prefix within a second, and draws the rest anew for each value', () => {
    const write = writer()
    const nonces = Array.from({ length: 1000 }, (_, i) => write(i * 0.999))
    expect(new Set(nonces.map(({ prefix }) => prefix)).size).to.equal(1)
    expect(new Set(nonces.map(({ rest }) => rest)).size).to.equal(1000)
  })

  for (const [what, later] of [
    ['after a second', 1000],
    ['when the clock goes back', -1],
    ['when the clock has no time', Number.NaN],
  ] as const) {
    it(`draws a new nonce prefix ${what}`, () => {
      const write = writer()
      const { prefix } = write(7000)
      expect(write(7000).prefix).to.equal(prefix)
      expect(write(7000 + later).prefix).not.to.equal(prefix)
    })
  }

  it('draws a new nonce prefix after 2^16 values', () => {
    const write = writer()
    const first = write(0).prefix
    for (let i = 2; i < 2 ** 16; i++) write(0)
    expect(write(0).prefix).to.equal(first)
    expect(write(0).prefix).not.to.equal(first)
  })

  it('uses the subkey of the nonce that it wrote', () => {
    const { subkey, header } = writer()(0)
    expect(subkey.equals(new XaesKey(MASTER).subkey(header, NONCE_AT))).to.equal(true)
    expect(bytesOf(new SealingKey(MASTER).forOpening(header))).to.equal(bytesOf(subkey))
  })

  it('does not go on with the old prefix after its generator failed', () => {
    let works = true
    const pool = new RandomPool((bytes) => {
      if (!works) throw new Error('no randomness')
      randomFillSync(bytes)
    })
    const write = writer(pool)
    const { prefix } = write(0)
    works = false
    expect(() => write(1000)).to.throw('no randomness')
    works = true
    expect(write(0).prefix).not.to.equal(prefix)
  })

  it('reads with the same subkey, be the prefix new, met again, forgotten meanwhile or given to another thread', () => {
    const key = new SealingKey(MASTER)
    const headers = Array.from({ length: 300 }, () => randomFillSync(Buffer.alloc(51)))
    const wanted = headers.map((header) => bytesOf(new XaesKey(MASTER).subkey(header, NONCE_AT)))
    for (let round = 0; round < 3; round += 1) {
      for (const [i, header] of headers.entries()) {
        for (let again = 0; again <= i % 3; again += 1) {
          expect(bytesOf(key.forOpening(header))).to.equal(wanted[i])
        }
        if (i % 4 === 0) expect(bytesOf(key.forOpeningAside(header))).to.equal(wanted[i])
      }
    }
  })

  it('keeps the subkey of a prefix that it met again, and no bytes that whoever opens with them wipes', () => {
    const key = new SealingKey(MASTER)
    const header = Buffer.alloc(51, 7)
    const first = key.forOpening(header)
    const second = key.forOpening(header)
    expect(second).to.be.instanceOf(KeyObject)
    expect(key.forOpening(header)).to.equal(second)
    expect(key.forOpeningAside(header)).to.equal(second)
    if (first instanceof Uint8Array) first.fill(0)
    expect(bytesOf(key.forOpening(header))).to.equal(bytesOf(second))
    expect(bytesOf(second)).not.to.equal(Buffer.alloc(32).toString('hex'))
  })
})

function bytesOf(subkey: Subkey): string {
  return Buffer.from(subkey instanceof Uint8Array ? subkey : subkey.export()).toString('hex')
}
