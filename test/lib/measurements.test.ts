import { expect } from 'chai'
import { describe, it } from 'mocha'
import { Measurements } from '../../lib/measurements.js'

describe('measurements', () => {
  it('counts operations by result and shows only what happened', () => {
    const measurements = new Measurements()
    measurements.count('get', 'hit')
    measurements.count('get', 'hit')
    measurements.count('get_many', 'miss', 3)
    expect(measurements.snapshot().operations).to.deep.equal([
      { op: 'get', result: 'hit', count: 2 },
      { op: 'get_many', result: 'miss', count: 3 },
    ])
  })

  it('puts durations into cumulative buckets that end at infinity', () => {
    const measurements = new Measurements()
    for (const ms of [0.05, 0.1, 3, 99_999]) {
      measurements.time('get', ms)
    }
    const [get] = measurements.snapshot().durations
    expect(get?.op).to.equal('get')
    expect(get?.count).to.equal(4)
    expect(get?.sumSeconds).to.be.closeTo(100.00215, 1e-6)
    expect(get?.buckets.find(({ leSeconds }) => leSeconds === 0.0001)?.count).to.equal(2)
    expect(get?.buckets.find(({ leSeconds }) => leSeconds === 0.005)?.count).to.equal(3)
    expect(get?.buckets.find(({ leSeconds }) => leSeconds === 2.5)?.count).to.equal(3)
    expect(get?.buckets.at(-1)).to.deep.equal({ leSeconds: Infinity, count: 4 })
  })

  it('asks for the duration of one value in 64 and counts all of them', () => {
    const measurements = new Measurements()
    const asked = Array.from({ length: 640 }, () => measurements.countCrypto('open')).filter(Boolean)
    measurements.timeCrypto('open', 0.004)
    const { values, durations } = measurements.snapshot().crypto
    expect(asked).to.have.length(10)
    expect(values).to.deep.equal({ seal: 0, open: 640 })
    expect(durations.map(({ op, count }) => [op, count])).to.deep.equal([['open', 1]])
  })

  it('counts failures by reason and reads of older formats', () => {
    const measurements = new Measurements()
    measurements.countOpenFailure('tag')
    measurements.countOpenFailure('tag')
    measurements.countSealFailure()
    measurements.countLegacyRead('fernet')
    const snapshot = measurements.snapshot()
    expect(snapshot.openFailures).to.deep.equal({
      format: 0,
      unknown_key: 0,
      tag: 2,
      expired: 0,
      too_large: 0,
      decode: 0,
    })
    expect(snapshot.sealFailures).to.equal(1)
    expect(snapshot.legacyReads).to.deep.equal({ fernet: 1, plaintext: 0 })
  })

  it('hands out a snapshot that later counting leaves alone', () => {
    const measurements = new Measurements()
    measurements.count('set', 'ok')
    const before = measurements.snapshot()
    measurements.count('set', 'ok')
    expect(before.operations).to.deep.equal([{ op: 'set', result: 'ok', count: 1 }])
  })
})
