import { Redis, type RedisOptions } from 'ioredis'
import { Envelope } from '../lib/crypto/envelope.js'
import { KeyRing } from '../lib/crypto/key-ring.js'
import { createSecureCache } from '../lib/index.js'
import { Secret } from '../lib/settings/secret.js'
import type { Access, Login } from './access.js'
import { TTL_SECONDS, type Client } from './client.js'

const TTL_MS = TTL_SECONDS * 1000

export interface Variant {
  readonly name: string
  readonly server: 'plain' | 'hardened'
  readonly open: (access: Access) => Promise<Client>
}

/** From the baseline to the full suite, one layer after the other. */
export const VARIANTS = [
  { name: 'ioredis', server: 'plain', open: ({ open }) => json(open) },
  {
    name: 'ioredis, automatic pipelining',
    server: 'plain',
    open: ({ open }) => json(open, { enableAutoPipelining: true }),
  },
  { name: '+ password', server: 'plain', open: ({ password }) => json(password) },
  { name: '+ ACL', server: 'plain', open: ({ acl }) => json(acl) },
  { name: '+ TLS', server: 'hardened', open: ({ hardened }) => json(hardened) },
  { name: '+ sealing', server: 'hardened', open: sealed },
  { name: 'express-secure-cache', server: 'hardened', open: suite },
] as const satisfies readonly Variant[]

/** What most applications do: JSON over ioredis with its default options. */
async function json(login: Login, options: RedisOptions = {}): Promise<Client> {
  const redis = await connect(login, options)
  const name = (key: string): string => `ai_cache::${key}`
  return {
    get: async (key) => parsed(await redis.get(name(key))),
    set: (key, value) => redis.set(name(key), JSON.stringify(value), 'PX', TTL_MS),
    async getMany(keys) {
      const texts = await redis.mget(keys.map(name))
      return texts.map(parsed).filter((value) => value !== undefined).length
    },
    setMany(entries) {
      const pipeline = redis.pipeline()
      for (const [key, value] of entries) pipeline.set(name(key), JSON.stringify(value), 'PX', TTL_MS)
      return pipeline.exec()
    },
    close: () => redis.quit(),
  }
}

/** The same with each value sealed, command by command. */
async function sealed({ hardened, keyPrefix, encryptionKey }: Access): Promise<Client> {
  const redis = await connect(hardened)
  const { name, seal, opened } = sealing({ keyPrefix, encryptionKey })
  return {
    get: async (key) => opened(key, await redis.getBuffer(name(key))),
    set: (key, value) => redis.set(name(key), seal(key, value), 'PX', TTL_MS),
    async getMany(keys) {
      const all = await redis.mgetBuffer(keys.map(name))
      return keys.filter((key, index) => opened(key, all[index] ?? null) !== undefined).length
    },
    setMany(entries) {
      const pipeline = redis.pipeline()
      for (const [key, value] of entries) pipeline.set(name(key), seal(key, value), 'PX', TTL_MS)
      return pipeline.exec()
    },
    fill: filler(async () => redis, { keyPrefix, encryptionKey }),
    close: () => redis.quit(),
  }
}

/** Values sealed and opened one by one, for whichever driver. */
export function sealing({ keyPrefix, encryptionKey }: Pick<Access, 'keyPrefix' | 'encryptionKey'>): {
  name: (key: string) => string
  seal: (key: string, value: unknown) => Buffer
  opened: (key: string, bytes: Buffer | null) => unknown
} {
  const values = new Envelope({ keyRing: ring(encryptionKey) }).namespace(keyPrefix, '')
  return {
    name: (key) => `${keyPrefix}:${key}`,
    seal: (key, value) =>
      values.seal(key, Buffer.from(JSON.stringify(value)), { codec: 'json', lifetimeSeconds: TTL_SECONDS }),
    opened: (key, bytes): unknown =>
      bytes === null ? undefined : JSON.parse(values.open(key, bytes).payload.toString()),
  }
}

async function suite({ env, hardened, keyPrefix, encryptionKey }: Access): Promise<Client> {
  const cache = createSecureCache({ env, logger: false, onFailure: 'throw' })
  await cache.ready()
  let filling: Promise<Redis> | undefined
  return {
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value as object, { ttl: TTL_SECONDS }),
    getMany: async (keys) => (await cache.getMany(keys)).size,
    setMany: (entries) =>
      cache.setMany(entries as readonly (readonly [string, object])[], { ttl: TTL_SECONDS }),
    fill: filler(() => (filling ??= connect(hardened)), { keyPrefix, encryptionKey }),
    // A connection of its own would count as memory of the cache.
    async filled() {
      await (await filling)?.quit()
      filling = undefined
    },
    close: () => cache.close(),
  }
}

/**
 * Writes values that each have a nonce prefix of their own: written in one second they would share one, and a
 * reader that derives nothing would flatter us.
 */
export function filler(
  connection: () => Promise<Redis>,
  { keyPrefix, encryptionKey }: Pick<Access, 'keyPrefix' | 'encryptionKey'>,
): NonNullable<Client['fill']> {
  let leaps = 0
  const leaping = new Envelope({
    keyRing: ring(encryptionKey),
    now: () => Date.now() + (leaps += 1000),
  }).namespace(keyPrefix, '')
  return async (key, value) => {
    const payload = Buffer.from(JSON.stringify(value))
    const issuedAt = Math.floor(Date.now() / 1000)
    const bytes = leaping.seal(key, payload, { codec: 'json', lifetimeSeconds: TTL_SECONDS, issuedAt })
    return (await connection()).set(`${keyPrefix}:${key}`, bytes, 'PX', TTL_MS)
  }
}

function ring(encryptionKey: string): KeyRing {
  return KeyRing.create({ enabled: true, key: new Secret(encryptionKey), acceptedKeys: [] })
}

export async function connect(login: Login, options: RedisOptions = {}): Promise<Redis> {
  const redis = new Redis({
    ...login,
    ...options,
    lazyConnect: true,
    // Asks for INFO, which a user with few rights may not.
    enableReadyCheck: false,
    replyMapping: 'legacy',
  })
  // Its errors hold arguments; whoever waits for the command hears of it.
  redis.on('error', () => undefined)
  await redis.connect()
  return redis
}

function parsed(text: string | null): unknown {
  return text === null ? undefined : JSON.parse(text)
}
