import { setTimeout as wait } from 'node:timers/promises'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { openStore } from '../../support/open-store.js'
import type { RunningRedis } from '../../support/redis-server.js'
import { startRedis } from '../../support/redis-server.js'
import { describeStoreContract } from '../../support/store-contract.js'

describe('RedisStore', () => {
  let redis: RunningRedis
  let prefixes = 0
  before(async () => {
    redis = await startRedis()
  })
  after(() => redis.stop())

  describeStoreContract('redis over mutual TLS', async () => {
    const { store } = openStore(redis)
    prefixes += 1
    return {
      store,
      prefix: `ai_cache:contract${prefixes}:`,
      // The server's own clock: there is nothing to wait for but the time itself.
      pass: (ms) => wait(ms),
      cleanUp: () => store.close(),
    }
  })

  it('reads in batches of at most 32 keys', async () => {
    const { store } = openStore(redis)
    await store.ready()
    const keys = Array.from({ length: 100 }, (_, index) => `ai_cache:batch:${index}`)
    await store.setMany(
      keys.map((key) => ({ key, bytes: Buffer.from(key) })),
      60_000,
    )
    const admin = redis.admin()
    await admin.config('RESETSTAT')
    await Promise.all(keys.map((key) => store.get(key)))
    const stats = await admin.info('commandstats')
    expect(stats).to.match(/cmdstat_mget:calls=4,/)
    expect(stats).not.to.match(/cmdstat_get:/)
    await store.close()
  })
})
