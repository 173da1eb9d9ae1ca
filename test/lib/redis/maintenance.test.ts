import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { SecurityEvents } from '../../../lib/events.js'
import { Maintenance } from '../../../lib/redis/maintenance.js'
import { startRedis, type RunningRedis } from '../../support/redis-server.js'

describe('maintenance', () => {
  let server: RunningRedis

  before(async () => {
    server = await startRedis()
  })
  after(() => server.stop())

  it('that a frozen server does not answer names its own bound, not that of an operation', async () => {
    const maintenance = new Maintenance({
      settings: server.settings,
      user: server.users.maintenance,
      events: new SecurityEvents(),
      stepTimeoutMs: 300,
    })
    await maintenance.clear('ai_cache:')
    await server.pause()
    try {
      const error: unknown = await maintenance.clear('ai_cache:').catch((reason: unknown) => reason)
      expect(error).to.have.property('code', 'ERR_CACHE_TIMEOUT')
      expect(error).to.have.property('message').that.includes('a step of clear() within 300 ms')
      expect(error).to.have.property('message').that.does.not.include('CACHE_TIMEOUT_MS')
    } finally {
      await server.resume()
      await maintenance.close({ timeoutMs: 200 })
    }
  })
})
