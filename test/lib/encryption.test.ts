import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { createSecureCache, inspectCache } from '../../lib/create.js'
import { Envelope } from '../../lib/crypto/envelope.js'
import { KeyRing } from '../../lib/crypto/key-ring.js'
import { Secret } from '../../lib/settings/secret.js'

describe('the encryption of a cache', () => {
  it('does not unfold a value beyond CACHE_MAX_VALUE_BYTES, however small it lies in the store', async () => {
    const key = randomBytes(32).toString('hex')
    const cache = createSecureCache({
      env: { REDIS_ENCRYPTION_KEY: key },
      backend: 'memory',
      maxValueBytes: 4096,
      logger: false,
    })
    const keyRing = KeyRing.create({ enabled: true, key: new Secret(key), acceptedKeys: [] })
    const sealing = new Envelope({ keyRing }).namespace('ai_cache:', '')
    const plant = (name: string, size: number): Promise<void> => {
      const sealed = sealing.seal(name, Buffer.alloc(size, 1), {
        codec: 'bytes',
        lifetimeSeconds: 60,
        compression: 'brotli',
      })
      expect(sealed.length).to.be.below(200)
      return inspectCache(cache).store.set(`ai_cache::${name}`, sealed, 60_000)
    }
    await plant('fits', 4000)
    await plant('bomb', 5000)
    expect(await cache.get('fits')).to.have.length(4000)
    expect(await cache.get('bomb')).to.equal(undefined)
    const [event] = cache.monitor.recentEvents({ type: 'decrypt.failure' })
    expect(event).to.include({ reason: 'too_large' })
    await cache.close()
  })
})
