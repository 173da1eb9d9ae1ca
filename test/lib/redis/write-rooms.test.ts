import { expect } from 'chai'
import { describe, it } from 'mocha'
import { ROOM_BYTES, WriteRooms } from '../../../lib/redis/write-rooms.js'

describe('WriteRooms', () => {
  it('hands a room out again once it was given back, and never before', () => {
    const rooms = new WriteRooms()
    const [first, second] = [rooms.take(), rooms.take()]
    expect([first.length, second.length]).to.deep.equal([ROOM_BYTES, ROOM_BYTES])
    expect(second.buffer).not.to.equal(first.buffer)
    rooms.giveBack(first)
    expect(rooms.take()).to.equal(first)
    expect(rooms.take()).not.to.equal(second)
  })

  it('keeps a few', () => {
    const rooms = new WriteRooms()
    const all = Array.from({ length: 40 }, () => rooms.take())
    for (const room of all) rooms.giveBack(room)
    const again = new Set(Array.from({ length: 40 }, () => rooms.take()))
    expect(all.filter((room) => again.has(room))).to.have.lengthOf(16)
  })
})
