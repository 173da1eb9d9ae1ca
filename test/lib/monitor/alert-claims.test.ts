import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'

import { SharedClaims } from '../../../lib/monitor/alert-claims.js'
import { namespacePrefix } from '../../../lib/cache/key-names.js'
import { KeyRing } from '../../../lib/crypto/key-ring.js'
import { Envelope } from '../../../lib/crypto/envelope.js'
import type { SealedPlace } from '../../../lib/monitor/sealed-place.js'
import { startRedis } from '../../support/redis-server.js'
import type { RunningRedis } from '../../support/redis-server.js'
import { watchedCache } from '../../support/watched-cache.js'
import type { WatchedCache } from '../../support/watched-cache.js'

const MINUTE = 60_000

describe('the claim to tell', () => {
  let redis: RunningRedis
  const open: WatchedCache[] = []

  beforeEach(async () => {
    redis = await startRedis()
  })
  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.close()))
    await redis.stop()
  })

  async function instance(): Promise<{ claims: SharedClaims; place: SealedPlace }> {
    const cache = await watchedCache(redis.env)
    open.push(cache)
    const { settings, store } = cache.parts
    const { keyPrefix } = settings.redis
    const envelope = new Envelope({ keyRing: KeyRing.create(settings.encryption) })
    const place: SealedPlace = {
      store,
      sealing: envelope.namespace(keyPrefix, '@alert'),
      nameOf: (key) => namespacePrefix(keyPrefix, '@alert') + key,
    }
    return { claims: new SharedClaims(place, store.connection), place }
  }

  it('belongs to one of two instances, for each kind, until it ends', async () => {
    const [one, other] = await Promise.all([instance(), instance()])
    const both = await Promise.all([one.claims.claim('outage', MINUTE), other.claims.claim('outage', MINUTE)])
    expect(both).to.have.members([true, false])
    expect(await one.claims.claim('brute_force', MINUTE)).to.equal(true)
    expect(await other.claims.claim('brute_force', MINUTE)).to.equal(false)
    expect(await one.claims.claim('brute_force', MINUTE)).to.equal(true)
    const left = await one.place.store.get(one.place.nameOf('brute_force'))
    expect(left).to.be.instanceOf(Buffer)
  })

  it('is not taken away by somebody who merely writes to Redis', async () => {
    const { claims, place } = await instance()
    await place.store.set(place.nameOf('tampered_values'), Buffer.from('somebody-else'), null)
    expect(await claims.claim('tampered_values', MINUTE)).to.equal(true)
    // Taken from another kind, where it was a good one.
    const other = await instance()
    expect(await other.claims.claim('outage', MINUTE)).to.equal(true)
    const moved = await place.store.get(place.nameOf('outage'))
    await place.store.set(place.nameOf('access_denied'), moved ?? Buffer.alloc(0), null)
    expect(await claims.claim('access_denied', MINUTE)).to.equal(true)
  })

  it("is everybody's where Redis is away: twice is better than never", async () => {
    const { claims } = await instance()
    await redis.stop()
    expect(await claims.claim('outage', MINUTE)).to.equal(true)
  })
})
