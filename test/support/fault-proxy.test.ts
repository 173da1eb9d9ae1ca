import { once } from 'node:events'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { FaultProxy } from './fault-proxy.js'
import { openStore } from './open-store.js'
import type { RunningRedis } from './redis-server.js'
import { startRedis } from './redis-server.js'
import { until } from './until.js'

describe('the fault proxy', () => {
  let redis: RunningRedis
  before(async () => {
    redis = await startRedis()
  })
  after(() => redis.stop())

  for (const where of ['passes TLS through', 'ends TLS itself'] as const) {
    it(`resets every connection where it ${where}, and lets new ones in`, async () => {
      const certificates = where === 'ends TLS itself' ? redis.certificates : undefined
      const proxy = await new FaultProxy({ port: redis.port, certificates }).start()
      const { store } = openStore(redis, { port: proxy.port })
      await store.ready()
      const reset = once(store.connection.client.stream, 'error')
      proxy.reset()
      const [error] = (await reset) as [Error]
      expect(error).to.have.property('code', 'ECONNRESET')
      await until('a new connection', () => proxy.accepted === 2 && store.connection.status === 'up')
      await store.close()
      await proxy.stop()
    })
  }
})
