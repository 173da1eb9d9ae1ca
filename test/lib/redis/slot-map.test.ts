import { expect } from 'chai'
import { describe, it } from 'mocha'
import { readSlotMap, slotOf } from '../../../lib/redis/slot-map.js'

const ORIGIN = { host: '10.0.0.1', port: 6379 }
const range = (first: unknown, last: unknown, ...nodes: unknown[]) => [first, last, ...nodes]
const node = (host: unknown, port: unknown) => [host, port, Buffer.from('id'), []]

describe('the map of slots', () => {
  it('knows the slot of a key as the Cluster specification has it, hash tags included', () => {
    expect(slotOf('123456789')).to.equal(0x31c3)
    expect(slotOf('a{user}b')).to.equal(slotOf('user'))
    expect(slotOf(Buffer.from('123456789'))).to.equal(0x31c3)
  })

  it('reads primaries, replicas and gaps, and fills in the address of who answered', () => {
    const map = readSlotMap(
      [
        range(0, 8191, node(Buffer.from('10.0.0.2'), 7001), node(Buffer.from('10.0.0.3'), 7002)),
        range(8192, 16_000, node(Buffer.from(''), 7003)),
      ],
      ORIGIN,
    )
    expect(map?.ownerOf(8191)).to.deep.equal({ host: '10.0.0.2', port: 7001 })
    expect(map?.ownerOf(8192)).to.deep.equal({ host: '10.0.0.1', port: 7003 })
    expect(map?.ownerOf(16_001)).to.equal(undefined)
    expect(map?.isComplete).to.equal(false)
    expect(map?.primaries).to.have.length(2)
    expect(map?.nodes).to.have.length(3)
  })

  it('gives a slot to whom a node says that it moved', () => {
    const map = readSlotMap([range(0, 16_383, node('a', 1))], ORIGIN)
    map?.assign(5, { host: 'b', port: 2 })
    expect(map?.ownerOf(5)).to.deep.equal({ host: 'b', port: 2 })
    expect(map?.isComplete).to.equal(true)
  })

  for (const [what, reply] of [
    ['text', 'OK'],
    ['a range that is no list', ['x']],
    ['a slot beyond the last', [range(0, 16_384, node('a', 1))]],
    ['a range backwards', [range(5, 4, node('a', 1))]],
  ] as const) {
    it(`takes no answer for a map that is ${what}`, () => {
      expect(readSlotMap(reply, ORIGIN)).to.equal(undefined)
    })
  }

  for (const [host, port] of [
    ['?', 6379],
    ['a b', 6379],
    ['a', 0],
    ['a', 70_000],
    ['a\r\nb', 6379],
  ] as const) {
    it(`follows no address like ${JSON.stringify(host)}:${port}`, () => {
      expect(readSlotMap([range(0, 1, node(host, port))], ORIGIN)?.ownerOf(0)).to.equal(undefined)
    })
  }
})
