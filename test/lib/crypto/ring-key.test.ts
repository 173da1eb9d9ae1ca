import { createSecretKey } from 'node:crypto'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { RingKey } from '../../../lib/crypto/ring-key.js'

describe('a key of the ring', () => {
  const key = new RingKey(createSecretKey(Buffer.from(Array.from({ length: 32 }, (_, i) => i))))

  it('has the id that HKDF-SHA256 gives', () => {
    // The same from HKDF of Python's cryptography.
    expect(key.id).to.equal('f17cbb17a213c9f506276c49619d1749')
    expect(key.idBytes.toString('hex')).to.equal(key.id)
  })

  it('knows its id among bytes, and no other', () => {
    const bytes = Buffer.concat([Buffer.alloc(3), key.idBytes])
    expect(key.hasId(bytes, 3)).to.equal(true)
    expect(key.hasId(bytes, 2)).to.equal(false)
    expect(key.hasId(bytes.subarray(0, -1), 3)).to.equal(false)
    for (let i = 3; i < 19; i++) {
      const other = Buffer.from(bytes)
      other[i] = (other[i] ?? 0) ^ 1
      expect(key.hasId(other, 3), `byte ${i}`).to.equal(false)
    }
  })

  it('derives one sealing key for each namespace and keeps the last 1000', () => {
    const first = key.sealingKey('app:\0first')
    for (let i = 0; i < 999; i++) key.sealingKey(`app:\0${i}`)
    expect(key.sealingKey('app:\0first')).to.equal(first)
    for (let i = 0; i < 1000; i++) key.sealingKey(`app:\0again ${i}`)
    expect(key.sealingKey('app:\0first')).not.to.equal(first)
  })
})
