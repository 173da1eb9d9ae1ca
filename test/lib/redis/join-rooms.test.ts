import { expect } from 'chai'
import { describe, it } from 'mocha'
import { JoinRooms } from '../../../lib/redis/join-rooms.js'

const PIECES = [Buffer.alloc(4000, 'a'), 'é', Buffer.alloc(3000, 'b')]
const WANTED = `${'a'.repeat(4000)}é${'b'.repeat(3000)}`

describe('JoinRooms', () => {
  it('joins into a room again once it was given back, and never before', () => {
    const rooms = new JoinRooms()
    const first = rooms.join(PIECES)
    const second = rooms.join([Buffer.alloc(5000, 'c')])
    expect(first.bytes.toString()).to.equal(WANTED)
    expect(second.bytes.buffer).not.to.equal(first.bytes.buffer)
    first.done?.()
    const third = rooms.join([Buffer.alloc(5000, 'd')])
    expect(third.bytes.buffer).to.equal(first.bytes.buffer)
    expect(second.bytes.toString()).to.equal('c'.repeat(5000))
  })

  it('makes a buffer of its own for what is small and for what has no room', () => {
    const rooms = new JoinRooms()
    for (const piece of ['small', 'é'.repeat(60_000)]) {
      const { bytes, done } = rooms.join([piece])
      expect([bytes.toString(), done]).to.deep.equal([piece, undefined])
    }
  })
})
