import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import type { Redis } from 'ioredis'
import { after, afterEach, before, describe, it } from 'mocha'
import { createSecureCache, inspectCache } from '../../../lib/create.js'
import { Envelope } from '../../../lib/crypto/envelope.js'
import { KeyRing } from '../../../lib/crypto/key-ring.js'
import type { SecureCache } from '../../../lib/interface.js'
import { INSTANCE_NAMESPACE, readInstances, type InstancesReport } from '../../../lib/keys/instances.js'
import { createRedisClient } from '../../../lib/redis/create-client.js'
import { oneServer } from '../../../lib/redis/key-servers.js'
import { Secret } from '../../../lib/settings/secret.js'
import { startRedis, type RunningRedis } from '../../support/redis-server.js'
import { until } from '../../support/until.js'

const PREFIX = 'ai_cache:'
const newKey = (): string => randomBytes(32).toString('hex')

describe('the heartbeats of instances', () => {
  let redis: RunningRedis
  let admin: Redis
  let client: Redis
  const caches: SecureCache[] = []
  const [first, second] = [newKey(), newKey()]
  const ring = KeyRing.create({ enabled: true, key: new Secret(first), acceptedKeys: [new Secret(second)] })
  const opener = new Envelope({ keyRing: ring }).namespace(PREFIX, INSTANCE_NAMESPACE)

  before(async () => {
    redis = await startRedis()
    admin = redis.admin()
    client = createRedisClient({
      user: 'maintenance',
      env: { ...redis.env, CACHE_TIMEOUT_MS: '30000' },
      logger: false,
    })
  })
  afterEach(async () => {
    await Promise.all(caches.splice(0).map((cache) => cache.close()))
    await admin.flushall()
  })
  after(async () => {
    client.disconnect()
    await redis.stop()
  })

  const start = async (key: string, accepted: string): Promise<SecureCache> => {
    const env = { ...redis.env, REDIS_ENCRYPTION_KEY: key, REDIS_ENCRYPTION_ACCEPTED_KEYS: accepted }
    const cache = createSecureCache({ env: { ...env, CACHE_TIMEOUT_MS: '10000' }, logger: false })
    caches.push(cache)
    await cache.ready()
    return cache
  }
  const look = (): Promise<InstancesReport> =>
    readInstances({ find: oneServer(client), keyPrefix: PREFIX, opener })

  it('say which keys each of them seals under and opens, sealed and for ninety seconds', async () => {
    await Promise.all([start(first, ''), start(second, first)])
    await until('both tell', async () => (await look()).instances.length === 2, 30_000)
    const { instances, unreadable } = await look()
    expect(unreadable).to.deep.equal([])
    expect(
      instances.map(({ primaryKeyId, acceptedKeyIds }) => [primaryKeyId, ...acceptedKeyIds]),
    ).to.have.deep.members([[ring.primaryId], [ring.acceptedIds[0], ring.primaryId]])
    expect(instances.every(({ pid }) => pid === process.pid)).to.equal(true)
    const [name = ''] = await admin.keys(`${PREFIX}@instance:*`)
    expect(await admin.pttl(name)).to.be.within(1, 90_000)
    expect((await admin.getBuffer(name))?.toString('latin1')).to.not.include(ring.primaryId)
  })

  it('tell at once when the keys were replaced, and end with the instance', async () => {
    const cache = await start(first, '')
    await until('it tells', async () => (await look()).instances.length === 1, 30_000)
    const { keyRing } = inspectCache(cache)
    await keyRing?.replace({ enabled: true, key: new Secret(second), acceptedKeys: [new Secret(first)] })
    // The connection anew is what tells as well.
    await admin.client('KILL', 'USER', 'cache_service')
    const promoted = async () => (await look()).instances[0]?.primaryKeyId === ring.acceptedIds[0]
    await until('it tells the new key', promoted, 30_000)
    await cache.close()
    await until('it is gone', async () => (await look()).instances.length === 0, 30_000)
  })

  it('are named by their key where they do not open, and hostile ones are no instances', async () => {
    const foreignKey = newKey()
    await start(foreignKey, '')
    await until('it tells', async () => (await look()).unreadable.length === 1, 30_000)
    const foreign = KeyRing.create({ enabled: true, key: new Secret(foreignKey), acceptedKeys: [] })
    expect(await look()).to.deep.equal({
      instances: [],
      unreadable: [foreign.primaryId],
      complete: true,
    })
    const seal = (key: string, text: string) =>
      opener.seal(key, Buffer.from(text), { codec: 'bytes', lifetimeSeconds: 90 })
    const id = ring.primaryId
    await admin.set(`${PREFIX}@instance:planted`, '{"primaryKeyId":"x"}')
    await admin.set(`${PREFIX}@instance:no-json`, seal('no-json', '['))
    await admin.set(
      `${PREFIX}@instance:other`,
      seal('other', '{"primaryKeyId":"planted","acceptedKeyIds":[1]}'),
    )
    await admin.set(
      `${PREFIX}@instance:escapes`,
      seal('escapes', JSON.stringify({ host: '\u001b[2Jweb', primaryKeyId: id, acceptedKeyIds: [] })),
    )
    const { instances, unreadable } = await look()
    expect(unreadable).to.have.members([foreign.primaryId, 'none', id, id])
    expect(instances.map(({ host }) => host)).to.deep.equal(['?[2Jweb'])
  })
})
