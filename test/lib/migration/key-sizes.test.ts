import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'mocha'
import type { Redis } from 'ioredis'
import { GROUP_BYTES, groupsOf, keyGroups, largestKeyOf } from '../../../lib/migration/key-sizes.js'
import { startRedis, type RunningRedis } from '../../support/redis-server.js'

describe('keys in groups that one reply may hold @once', () => {
  let server: RunningRedis
  let client: Redis

  before(async () => {
    server = await startRedis({
      transport: 'unix',
      access: 'none',
      config: { maxmemory: '0', databases: '2' },
    })
    client = server.admin()
  })
  after(() => server.stop())

  it('hold a mebibyte together at most, and one key at least, in their order', () => {
    const sizes = [10, GROUP_BYTES, GROUP_BYTES - 20, 20, 1, 5 * GROUP_BYTES, 3]
    const page = sizes.map((bytes, index) => ({ key: Buffer.of(index), bytes }))
    const groups = groupsOf(page).map((group) => group.map((key) => key[0]))
    expect(groups).to.deep.equal([[0], [1], [2, 3], [4], [5], [6]])
    expect(groupsOf([])).to.deep.equal([])
  })

  it('name every key of the database once or more, large values by themselves', async () => {
    for (let n = 0; n < 6; n += 1) await client.set(`large${n}`, randomBytes(900_000))
    for (let n = 0; n < 200; n += 1) await client.set(`small${n}`, 'x')
    const groups: string[][] = []
    for await (const group of keyGroups(client, 0)) groups.push(group.map(String))
    expect(new Set(groups.flat()).size).to.equal(206)
    for (const group of groups) {
      expect(group.filter((key) => key.startsWith('large')).length).to.be.at.most(1)
    }
    expect(await largestKeyOf(client, [0, 1])).to.be.within(900_000, 2_000_000)
    expect(await largestKeyOf(client, [1])).to.equal(0)
  })
})
