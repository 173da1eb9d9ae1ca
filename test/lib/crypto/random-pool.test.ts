import { expect } from 'chai'
import { describe, it } from 'mocha'
import { RandomPool } from '../../../lib/crypto/random-pool.js'

/** A generator whose every byte tells which filling it is from. */
function countingFill() {
  const fills: number[] = []
  return {
    fills,
    fill: (bytes: Uint8Array): void => {
      fills.push(bytes.length)
      bytes.fill(fills.length)
    },
  }
}

function draw(pool: RandomPool, now: number): Buffer {
  const bytes = Buffer.alloc(12)
  pool.draw(bytes, 0, now)
  return bytes
}

describe('the pool of random bytes', () => {
  it('asks the generator once for 341 draws of 12 bytes', () => {
    const { fills, fill } = countingFill()
    const pool = new RandomPool(fill)
    for (let i = 0; i < 341; i++) draw(pool, 0)
    expect(fills).to.deep.equal([4096])
    draw(pool, 0)
    expect(fills).to.deep.equal([4096, 4096])
  })

  it('never gives the same bytes twice', () => {
    const pool = new RandomPool()
    const seen = new Set<string>()
    for (let i = 0; i < 10_000; i++) seen.add(draw(pool, i / 100).toString('hex'))
    expect(seen.size).to.equal(10_000)
  })

  it('writes its 12 bytes where it is told and nowhere else', () => {
    const target = Buffer.alloc(30)
    new RandomPool((bytes) => bytes.fill(0xff)).draw(target, 10, 0)
    expect(target.toString('hex')).to.equal('00'.repeat(10) + 'ff'.repeat(12) + '00'.repeat(8))
  })

  for (const [what, later] of [
    ['a second old', 1000],
    ['of a time that is still to come, because the clock went back', -1],
    ['of a time that cannot be told', Number.NaN],
  ] as const) {
    it(`drops what is ${what}`, () => {
      const pool = new RandomPool(countingFill().fill)
      expect(draw(pool, 5000)[0]).to.equal(1)
      expect(draw(pool, 5000 + later)[0]).to.equal(2)
    })
  }

  it('keeps what is younger than a second', () => {
    const pool = new RandomPool(countingFill().fill)
    draw(pool, 5000)
    expect(draw(pool, 5999)[0]).to.equal(1)
  })

  it('gives nothing old after its generator failed', () => {
    let works = true
    const { fill } = countingFill()
    const pool = new RandomPool((bytes) => {
      if (!works) throw new Error('no randomness')
      fill(bytes)
    })
    draw(pool, 0)
    works = false
    expect(() => draw(pool, 1000)).to.throw('no randomness')
    expect(() => draw(pool, 0)).to.throw('no randomness')
    works = true
    expect(draw(pool, 0)[0]).to.equal(2)
  })
})
