import { after, before, describe } from 'mocha'
import { describeCacheContract } from '../support/cache-contract.js'
import { startRedis, type RunningRedis } from '../support/redis-server.js'
import { testCache } from '../support/test-cache.js'

describeCacheContract('memory', async (options = {}) => {
  const { cache, internals, events, advance } = testCache({ backend: 'memory', ...options })
  return {
    cache,
    store: internals.store,
    keyPrefix: internals.settings.redis.keyPrefix,
    events,
    advance,
    cleanUp: () => cache.close(),
  }
})

describe('sealed cache on a real server', () => {
  let server: RunningRedis
  let caches = 0

  before(async () => {
    server = await startRedis()
  })

  after(async () => {
    await server.stop()
  })

  describeCacheContract('Redis', async (options = {}) => {
    caches += 1
    const keyPrefix = `ai_cache:${caches}:`
    const { cache, internals, events, advance } = testCache({ env: server.env, keyPrefix, ...options })
    return { cache, store: internals.store, keyPrefix, events, advance, cleanUp: () => cache.close() }
  })
})
