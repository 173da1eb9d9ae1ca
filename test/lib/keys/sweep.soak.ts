import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { KeyRing } from '../../../lib/crypto/key-ring.js'
import { sweep } from '../../../lib/keys/sweep.js'
import { createRedisClient } from '../../../lib/redis/create-client.js'
import { oneServer } from '../../../lib/redis/key-servers.js'
import { Secret } from '../../../lib/settings/secret.js'
import { percentile } from '../../support/percentile.js'
import { heldMiB } from '../../support/held-memory.js'
import { startRedis } from '../../support/redis-server.js'
import { seedSealed } from '../../support/seed-sealed.js'

const VALUES = 1_000_000

describe('the sweep, for long', () => {
  it(`of ${VALUES} values holds memory flat and leaves the server responsive`, async () => {
    const redis = await startRedis({ config: { maxmemory: '2gb' } })
    const env = { ...redis.env, CACHE_TIMEOUT_MS: '30000' }
    const client = createRedisClient({ user: 'maintenance', env, logger: false })
    const [oldKey, newest] = [randomBytes(32), randomBytes(32)].map((key) => new Secret(key.toString('hex')))
    const admin = redis.admin()
    const swept = new AbortController()
    try {
      const previous = KeyRing.create({ enabled: true, key: oldKey, acceptedKeys: [] })
      const keyRing = KeyRing.create({ enabled: true, key: newest, acceptedKeys: oldKey ? [oldKey] : [] })
      const place = { keyPrefix: 'ai_cache:', now: Date.now }
      await seedSealed(admin, { ...place, keyRing: previous, values: VALUES })
      const held = heldMiB()
      let mostMiB = 0
      const waited: number[] = []
      let looks = 0
      const bystander = async (): Promise<void> => {
        while (!swept.signal.aborted) {
          const started = performance.now()
          await admin.get('ai_cache::bystander')
          waited.push(performance.now() - started)
        }
      }
      const sweeping = sweep({
        ...place,
        find: oneServer(client),
        keyRing,
        keysPerSecond: Number.POSITIVE_INFINITY,
        onProgress: () => {
          looks += 1
          if (looks % 200 === 0) mostMiB = Math.max(mostMiB, heldMiB())
        },
      }).finally(() => {
        swept.abort()
      })
      const [report] = await Promise.all([sweeping, bystander()])
      expect(report).to.include({ resealed: VALUES, clean: true })
      expect(mostMiB - held).to.be.lessThan(48)
      // Not the slowest one: collecting garbage is a pause of this process.
      expect(percentile(waited, 0.95)).to.be.lessThan(2000)
    } finally {
      client.disconnect()
      await redis.stop()
    }
  })
})
