import { once } from 'node:events'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { SecurityEvents } from '../../lib/events.js'
import { openConnection } from '../../lib/redis/connection.js'
import { FaultProxy } from './fault-proxy.js'
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
      const connection = openConnection({
        settings: { ...redis.settings, port: proxy.port },
        events: new SecurityEvents(),
        purpose: 'test',
        timeoutMs: 250,
      })
      await connection.ready()
      const reset = once(connection.client.stream, 'error')
      proxy.reset()
      const [error] = (await reset) as [Error]
      expect(error).to.have.property('code', 'ECONNRESET')
      await until('a new connection', () => proxy.accepted === 2 && connection.status === 'up')
      await connection.close()
      await proxy.stop()
    })
  }
})
