import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { lookAt, startOpenRedis, type OpenRedis, type ServerLook } from './open-redis.js'
import { PlanFollower } from './plan-follower.js'

/** A whole migration there and back, with an application that reads and writes all the while. */
export function migrateUnderLoad(keys: number): void {
  describe(`a migration under load, ${keys} keys @once`, () => {
    let open: OpenRedis
    let follower: PlanFollower
    let start: ServerLook

    before(async function () {
      this.timeout(0)
      open = await startOpenRedis()
      follower = new PlanFollower(open)
      await follower.fill(keys)
      start = await lookAt(open.insider())
    })
    after(() => open.stop())

    it('ends with every value sealed, no operation failed, no key lost, and goes all the way back', async function () {
      this.timeout(0)
      follower.start()
      const migration = open.migration({ tell: (event) => follower.follow(event) })
      for (const { id } of migration.steps) await migration.run({ through: id })
      const there = await follower.sealed(open.insider())
      expect(there.sealed).to.equal(there.strings)
      for (const { id } of migration.steps.toReversed()) await migration.rollback({ downTo: id })
      await follower.stop()
      expect(follower.failures.slice(0, 10)).to.deep.equal([])
      expect(follower.operations).to.be.above(keys / 50)
      expect((await follower.differences(open.insider())).slice(0, 10)).to.deep.equal([])
      expect((await follower.sealed(open.insider())).sealed).to.equal(0)
      expect(await lookAt(open.insider())).to.deep.equal(start)
    })
  })
}
