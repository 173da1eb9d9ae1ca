import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'mocha'

import { Envelope } from '../../../lib/crypto/envelope.js'
import { KeyRing } from '../../../lib/crypto/key-ring.js'
import type { SealedPlace } from '../../../lib/monitor/sealed-place.js'
import { SelfTest } from '../../../lib/monitor/self-test.js'
import { Secret } from '../../../lib/settings/secret.js'
import { startRedis } from '../../support/redis-server.js'
import type { RunningRedis } from '../../support/redis-server.js'
import { watchedCache } from '../../support/watched-cache.js'
import type { WatchedCache } from '../../support/watched-cache.js'

const FINE = { sealed: true, storedSealed: true, opened: true, boundToKey: true }

describe('the self-test of encryption', () => {
  let redis: RunningRedis
  let cache: WatchedCache
  let place: SealedPlace

  before(async () => {
    redis = await startRedis()
    cache = await watchedCache(redis.env)
    place = cache.parts.place('@check')
  })
  after(async () => {
    await cache.close()
    await redis.stop()
  })

  /** Somebody who can write to Redis acts between our write and our read. */
  function meddled(meddle: (name: string, sealed: Buffer) => Promise<unknown>): SealedPlace {
    const { store } = place
    return {
      ...place,
      store: {
        get: (name) => store.get(name),
        set: async (name, bytes, ttlMs) => {
          await store.set(name, bytes, ttlMs)
          await meddle(name, Buffer.from(bytes))
        },
      },
    }
  }

  it('finds a value sealed in the store and opens it', async () => {
    expect(await new SelfTest(place).run()).to.deep.equal(FINE)
  })

  it('leaves one small value behind, sealed, for a minute at most', async () => {
    const admin = redis.admin()
    const own = new SelfTest(place)
    await own.run()
    await own.run()
    const names = await admin.keys('ai_cache:@check:self-test:*')
    for (const name of names) {
      expect((await admin.getBuffer(name))?.[0]).to.equal(0xc1)
      expect(await admin.pttl(name)).to.be.within(1, 60_000)
    }
  })

  it('notices a value that was changed on its way', async () => {
    const test = new SelfTest(
      meddled((name, sealed) => {
        sealed.writeUInt8(sealed.readUInt8(60) ^ 1, 60)
        return redis.admin().set(name, sealed)
      }),
    )
    expect(await test.run()).to.deep.equal({ ...FINE, storedSealed: false, opened: false })
  })

  it('notices a value that was put there under a foreign key', async () => {
    const key = new Secret(randomBytes(32).toString('hex'))
    const foreign = new Envelope({ keyRing: KeyRing.create({ enabled: true, key, acceptedKeys: [] }) })
    const test = new SelfTest(
      meddled((name) => {
        const sealing = foreign.namespace('ai_cache:', '@check')
        const local = name.slice('ai_cache:@check:'.length)
        return redis
          .admin()
          .set(name, sealing.seal(local, randomBytes(32), { codec: 'bytes', lifetimeSeconds: 60 }))
      }),
    )
    expect(await test.run()).to.deep.equal({ ...FINE, storedSealed: false, opened: false })
  })

  it('notices a store that holds plaintext', async () => {
    const plain: SealedPlace = {
      ...place,
      sealing: {
        seal: (_key, payload) => Buffer.from(payload),
        open: (_key, bytes) => ({ payload: Buffer.from(bytes), keyId: '' }),
      },
    }
    expect(await new SelfTest(plain).run()).to.deep.equal({ ...FINE, sealed: false, boundToKey: false })
  })

  it('judges nothing when the value is gone at once', async () => {
    const test = new SelfTest(meddled((name) => redis.admin().del(name)))
    const error: unknown = await test.run().catch((caught: unknown) => caught)
    expect(error).to.be.an('error').with.property('message').that.includes('gone at once')
  })
})
