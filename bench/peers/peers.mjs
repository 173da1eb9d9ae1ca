/**
 * Other caches, each as its documentation shows it: `npm install --prefix bench/peers` installs them, and each
 * has a row in the benchmark then. Not compiled, for packages that are absent have no types.
 */
const TTL_MS = 600_000

const PEERS = [
  { name: 'node-redis', needs: ['redis'], server: 'plain', open: ({ open }) => nodeRedis(open) },
  {
    name: 'node-redis + TLS',
    needs: ['redis'],
    server: 'hardened',
    open: ({ hardened }) => nodeRedis(hardened),
  },
  {
    name: 'node-redis + TLS + sealing',
    needs: ['redis'],
    server: 'hardened',
    open: nodeRedisSealed,
  },
  { name: 'keyv', needs: ['keyv', '@keyv/redis'], server: 'plain', open: keyv },
  { name: 'cacheable', needs: ['cacheable', 'keyv', '@keyv/redis'], server: 'plain', open: cacheable },
  {
    name: 'cache-manager',
    needs: ['cache-manager', 'keyv', '@keyv/redis'],
    server: 'plain',
    open: cacheManager,
  },
  { name: 'secure-store-redis', needs: ['secure-store-redis'], server: 'hardened', open: secureStoreRedis },
  { name: 'bentocache', needs: ['bentocache'], server: 'plain', open: bentocache },
]

/** Those whose packages are installed here. */
export function installedPeers() {
  return PEERS.filter(({ needs }) => needs.every(isInstalled))
}

async function connectNodeRedis({ host, port, tls, ...user }) {
  const { createClient } = await import('redis')
  const client = createClient({ ...user, socket: { host, port, ...(tls ? { tls: true, ...tls } : {}) } })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** The same bytes as ours, sealed and opened one by one, and written by the same hand before they are read. */
async function nodeRedisSealed(access) {
  const { RESP_TYPES } = await import('redis')
  const { connect, filler, sealing } = await import('../../dist/bench/own-variants.js')
  const redis = await connectNodeRedis(access.hardened)
  const bytes = redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
  const { name, seal, opened } = sealing(access)
  let filling
  return {
    get: async (key) => opened(key, await bytes.get(name(key))),
    set: (key, value) => redis.set(name(key), seal(key, value), { PX: TTL_MS }),
    fill: filler(() => (filling ??= connect(access.hardened)), access),
    async filled() {
      await (await filling)?.quit()
      filling = undefined
    },
    close: async () => redis.destroy(),
  }
}

async function nodeRedis(login) {
  const client = await connectNodeRedis(login)
  const name = (key) => `ai_cache::${key}`
  return {
    get: async (key) => parsed(await client.get(name(key))),
    set: (key, value) => client.set(name(key), JSON.stringify(value), { PX: TTL_MS }),
    async getMany(keys) {
      const texts = await client.mGet(keys.map(name))
      return texts.map(parsed).filter((value) => value !== undefined).length
    },
    setMany: (entries) =>
      Promise.all(
        entries.map(([key, value]) => client.set(name(key), JSON.stringify(value), { PX: TTL_MS })),
      ),
    close: async () => client.destroy(),
  }
}

async function keyv({ open }) {
  return single(await keyvOver(open), (cache) => cache.disconnect())
}

/** Without its layer in memory, which would answer instead of Redis. */
async function cacheable({ open }) {
  const { Cacheable } = await import('cacheable')
  return single(new Cacheable({ primary: await keyvOver(open), ttl: TTL_MS }), (cache) => cache.disconnect())
}

async function cacheManager({ open }) {
  const { createCache } = await import('cache-manager')
  return single(createCache({ stores: [await keyvOver(open)], ttl: TTL_MS }), (cache) => cache.disconnect())
}

async function bentocache({ open: { host, port } }) {
  const { BentoCache, bentostore } = await import('bentocache')
  const { redisDriver } = await import('bentocache/drivers/redis')
  const redis = bentostore().useL2Layer(redisDriver({ connection: { host, port } }))
  const cache = new BentoCache({ default: 'redis', stores: { redis } })
  return {
    get: (key) => cache.get({ key }),
    set: (key, value) => cache.set({ key, value, ttl: TTL_MS }),
    close: () => cache.disconnectAll(),
  }
}

/** It keeps values in hashes, which the user of a cache may not touch. */
async function secureStoreRedis({ administrator }) {
  const { default: SecureStore, SecretValidator } = await import('secure-store-redis')
  const store = new SecureStore({
    uid: 'ai_cache',
    secret: SecretValidator.generate(),
    redis: administrator,
    ttl: TTL_MS,
  })
  await store.connect()
  return {
    get: (key) => store.get(key),
    set: (key, value) => store.save(key, value),
    close: () => store.disconnect(),
  }
}

async function keyvOver({ host, port }) {
  const { Keyv } = await import('keyv')
  const { default: KeyvRedis } = await import('@keyv/redis')
  return new Keyv({ store: new KeyvRedis(`redis://${host}:${port}`), ttl: TTL_MS })
}

function single(cache, close) {
  return {
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value, TTL_MS),
    close: () => close(cache),
  }
}

function isInstalled(name) {
  try {
    import.meta.resolve(name)
    return true
  } catch {
    return false
  }
}

function parsed(text) {
  return text === null ? undefined : JSON.parse(text)
}
