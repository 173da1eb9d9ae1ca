import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'chai'
import type { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { issueCertificate } from '../../../generators/certificates.js'
import { createSecureCache } from '../../../lib/create.js'
import type { CacheErrorCode } from '../../../lib/errors.js'
import { isCacheError } from '../../../lib/errors.js'
import type { RedisStore } from '../../../lib/redis/redis-store.js'
import { FaultProxy } from '../../support/fault-proxy.js'
import type { OpenedStore } from '../../support/open-store.js'
import { heldMiB } from '../../support/held-memory.js'
import { openStore } from '../../support/open-store.js'
import { freePort } from '../../support/redis-process.js'
import type { RunningRedis } from '../../support/redis-server.js'
import { startRedis } from '../../support/redis-server.js'
import { SteadyReaders } from '../../support/steady-readers.js'
import { until } from '../../support/until.js'

const TIMEOUT_MS = 250
const IN_FLIGHT = 100
const DAY_MS = 24 * 60 * 60_000
const KEYS = Array.from({ length: IN_FLIGHT }, (_, index) => `ai_cache:faults:${index}`)

interface Fault {
  readonly name: string
  readonly begin: (scene: Scene) => void | Promise<void>
  readonly end: (scene: Scene) => void | Promise<void>
}

interface Scene {
  readonly redis: RunningRedis
  readonly proxy: FaultProxy
}

const heal = ({ proxy }: Scene) => proxy.heal()

/** Everything that can go wrong on the way, and how it ends. */
const FAULTS: readonly Fault[] = [
  { name: 'refused', begin: ({ proxy }) => proxy.refuse(), end: ({ proxy }) => proxy.accept() },
  { name: 'frozen on the way', begin: ({ proxy }) => proxy.freeze(), end: heal },
  { name: 'a stopped server', begin: ({ redis }) => redis.pause(), end: ({ redis }) => redis.resume() },
  { name: 'a black hole', begin: ({ proxy }) => proxy.swallow('both'), end: heal },
  { name: 'requests lost', begin: ({ proxy }) => proxy.swallow('requests'), end: heal },
  { name: 'replies lost', begin: ({ proxy }) => proxy.swallow('replies'), end: heal },
  { name: 'half a reply', begin: ({ proxy }) => proxy.halveNextReply(), end: heal },
  { name: 'garbage', begin: ({ proxy }) => proxy.garbleNextReply(), end: heal },
  { name: 'reset', begin: ({ proxy }) => proxy.reset(), end: heal },
  { name: 'a delay of a second', begin: ({ proxy }) => proxy.delay(1000), end: heal },
  { name: 'a killed server', begin: ({ redis }) => redis.kill(), end: ({ redis }) => redis.start() },
]

/** What the server itself refuses: reads may go on, so that writes are what is looked at. */
const REFUSALS: readonly Refusal[] = [
  {
    name: 'a read-only server',
    code: 'ERR_REDIS_READONLY',
    begin: async (admin) => {
      await admin.replicaof('127.0.0.1', await freePort())
    },
    end: (admin) => admin.replicaof('NO', 'ONE'),
  },
  {
    name: 'out of memory',
    code: 'ERR_REDIS_OOM',
    begin: async (admin) => {
      await admin.config('SET', 'maxmemory-policy', 'noeviction')
      await admin.config('SET', 'maxmemory', '1mb')
    },
    end: (admin) => admin.config('SET', 'maxmemory', '256mb'),
  },
  {
    name: 'an expired certificate',
    code: 'ERR_TLS_CERT_EXPIRED',
    begin: async (admin, redis) => {
      const { certPem, keyPem } = await issueCertificate(redis.certificates.authority, {
        role: 'server',
        commonName: 'redis',
        names: ['127.0.0.1'],
        notBefore: new Date(Date.now() - 3 * DAY_MS),
        notAfter: new Date(Date.now() - DAY_MS),
      })
      await writeFile(join(redis.folder, 'expired.crt'), certPem)
      await writeFile(join(redis.folder, 'expired.key'), keyPem, { mode: 0o600 })
      await showCertificate(admin, redis, 'expired')
    },
    end: (admin, redis) => showCertificate(admin, redis, 'server'),
  },
  {
    name: 'a changed password',
    code: 'ERR_REDIS_WRONGPASS',
    begin: async (admin) => {
      await admin.acl('SETUSER', 'cache_service', 'resetpass', '>the password of tomorrow')
      await admin.client('KILL', 'USER', 'cache_service')
    },
    end: (admin, redis) => admin.acl('SETUSER', 'cache_service', `>${redis.passwords.cache}`),
  },
]

interface Refusal {
  readonly name: string
  readonly code: CacheErrorCode
  readonly begin: (admin: Redis, redis: RunningRedis) => Promise<void>
  readonly end: (admin: Redis, redis: RunningRedis) => Promise<unknown>
}

describe('a store whose way to Redis breaks', () => {
  let redis: RunningRedis
  let proxy: FaultProxy
  let opened: OpenedStore
  let store: RedisStore

  beforeEach(async () => {
    redis = await startRedis()
    proxy = await new FaultProxy({ port: redis.port }).start()
    opened = openStore(redis, { port: proxy.port, timeoutMs: TIMEOUT_MS })
    store = opened.store
    await store.ready()
    await store.setMany(
      KEYS.map((key) => ({ key, bytes: Buffer.from(key) })),
      60_000,
    )
  })

  afterEach(async () => {
    await store.close({ timeoutMs: 100 })
    await proxy.stop()
    await redis.stop()
  })

  for (const fault of FAULTS) {
    it(`keeps its deadline and comes back: ${fault.name}`, async () => {
      const readers = new SteadyReaders(store, KEYS)
      await readers.rounds(2)
      await fault.begin({ redis, proxy })
      await readers.failure()
      await readers.rounds(5)
      await fault.end({ redis, proxy })
      const healed = performance.now()
      await until('reads work again', () => works(store))
      const recoveryMs = performance.now() - healed
      const saw = await readers.stop()
      expect(saw.wrong, 'wrong values').to.equal(0)
      expect(recoveryMs, 'recovery').to.be.below(2000)
      expect(saw.p90Ms, '90th percentile').to.be.below(TIMEOUT_MS + 50)
    })
  }

  for (const { name, code, begin, end } of REFUSALS) {
    it(`answers writes in time and comes back: ${name}`, async () => {
      const warnings: string[] = []
      const warned = ({ name: kind }: Error) => warnings.push(kind)
      process.on('warning', warned)
      const admin = redis.admin()
      const write = async (): Promise<{ outcome: string; ms: number }[]> =>
        Promise.all(
          KEYS.map(async (key) => {
            const began = performance.now()
            const outcome = await store.set(key, Buffer.from(key), 60_000).then(() => 'stored', codeOf)
            return { outcome, ms: performance.now() - began }
          }),
        )
      await begin(admin, redis)
      const waits: number[] = []
      const delay = monitorEventLoopDelay({ resolution: 1 })
      delay.enable()
      const seen = new Set<string>()
      await until(`writes are refused with ${code}`, async () => {
        const round = await write()
        waits.push(...round.map(({ ms }) => ms))
        for (const { outcome } of round) seen.add(outcome)
        return seen.has(code) && waits.length >= 5 * IN_FLIGHT
      })
      delay.disable()
      waits.sort((a, b) => a - b)
      const p90Ms = waits[Math.floor(waits.length * 0.9)] ?? 0
      expect(p90Ms - delay.percentile(90) / 1e6, '90th percentile').to.be.below(TIMEOUT_MS + 50)
      await end(admin, redis)
      const healed = performance.now()
      // Whoever changes a password or a certificate tells: until then each attempt is one more failed login.
      store.connection.renew({})
      await until('writes work again', async () =>
        (await write()).every(({ outcome }) => outcome === 'stored'),
      )
      expect(performance.now() - healed, 'recovery').to.be.below(2000)
      expect((await store.getMany(KEYS)).map(String)).to.deep.equal(KEYS)
      process.off('warning', warned)
      expect(warnings, 'warnings of Node').to.deep.equal([])
    })
  }

  it('comes back within two seconds of a long black hole, which swallowed attempts as well', async () => {
    proxy.swallow('both')
    await until('three attempts', async () => {
      await works(store)
      return proxy.accepted >= 4
    })
    proxy.heal()
    const healed = performance.now()
    await until('reads work again', () => works(store))
    expect(performance.now() - healed).to.be.below(2000)
  })

  it('tells of an outage once, and of its end once', async () => {
    await redis.kill()
    await until('the outage is known', async () => !(await works(store)))
    await Promise.all(KEYS.map((key) => store.get(key).catch(() => undefined)))
    await redis.start()
    await until('reads work again', () => works(store))
    const types = opened.events.map(({ type }) => type)
    expect(types).to.deep.equal(['auth.success', 'redis.unavailable', 'auth.success', 'redis.recovered'])
  })

  it('fails at once while the server is known to be away', async () => {
    await redis.kill()
    await until('the outage is known', async () => !(await works(store)))
    const outcomes = await Promise.all(KEYS.map((key) => store.get(key).then(() => 'read', codeOf)))
    // Who waits is ended by the deadline.
    expect(outcomes).not.to.include('ERR_CACHE_TIMEOUT').and.not.to.include('read')
  })

  it('survives a pause of a second in its own event loop without a failure and without a new connection', async () => {
    const reads = KEYS.map((key) => store.get(key))
    // The requests leave and the replies lie in the socket while the loop stands still.
    await turn()
    block(1000)
    const writes = KEYS.map((key) => store.set(key, Buffer.from(key), 60_000))
    // These do not even leave before the next pause.
    block(1000)
    expect((await Promise.all(reads)).map(String)).to.deep.equal(KEYS)
    await Promise.all(writes)
    expect(proxy.accepted).to.equal(1)
    expect(opened.events.map(({ type }) => type)).to.deep.equal(['auth.success'])
  })

  it('holds a flood of writes to a stopped server in bounded memory', async () => {
    await redis.pause()
    const before = heldMiB()
    const outcomes: Promise<string>[] = []
    for (let index = 0; index < 100_000; index += 1) {
      const write = store.set(`ai_cache:flood:${index}`, Buffer.alloc(1024, index), 60_000)
      outcomes.push(write.then(() => 'stored', codeOf))
    }
    expect(heldMiB() - before, 'MiB').to.be.at.most(64)
    const codes = await Promise.all(outcomes)
    expect(new Set(codes)).to.include('ERR_CACHE_OVERLOADED').and.not.to.include('stored')
    await redis.resume()
    await until('reads work again', () => works(store))
  })

  it('holds the same flood in bounded memory where it comes through a cache, which would seal each value', async () => {
    const cache = createSecureCache({ env: redis.env, logger: false })
    await cache.ready()
    await redis.pause()
    const before = heldMiB()
    const peak = process.memoryUsage().rss
    const writes: Promise<boolean>[] = []
    for (let index = 0; index < 100_000; index += 1) {
      writes.push(cache.set(`flood:${index}`, 'x'.repeat(1024)))
    }
    expect(heldMiB() - before, 'MiB').to.be.at.most(64)
    expect((await Promise.all(writes)).some(Boolean)).to.equal(false)
    expect((process.memoryUsage().rss - peak) / 2 ** 20, 'MiB of the process').to.be.below(128)
    await redis.resume()
    await cache.close()
  })
})

async function works(store: RedisStore): Promise<boolean> {
  return store.get(KEYS[0] ?? '').then(
    () => true,
    () => false,
  )
}

/** Counts for new connections alone, so ours are ended. */
async function showCertificate(admin: Redis, { folder }: RunningRedis, name: string): Promise<void> {
  const files = ['tls-cert-file', join(folder, `${name}.crt`), 'tls-key-file', join(folder, `${name}.key`)]
  await admin.call('CONFIG', 'SET', ...files)
  await admin.client('KILL', 'USER', 'cache_service')
}

function codeOf(error: unknown): string {
  return isCacheError(error) ? error.code : 'foreign'
}

/** Keeps the event loop from everything. */
function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}
