import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import type { RedisStore } from '../../../lib/redis/redis-store.js'
import { FaultProxy } from '../../support/fault-proxy.js'
import { openStore } from '../../support/open-store.js'
import type { RunningRedis } from '../../support/redis-server.js'
import { startRedis } from '../../support/redis-server.js'
import { until } from '../../support/until.js'

const READS = 200_000
const READERS = 64
const KEYS = Array.from({ length: 500 }, (_, index) => `ai_cache:lost:${index}`)

describe('a store behind a proxy that loses one request in a hundred', () => {
  let redis: RunningRedis
  let proxy: FaultProxy
  let store: RedisStore

  beforeEach(async () => {
    redis = await startRedis()
    proxy = await new FaultProxy({ port: redis.port, certificates: redis.certificates }).start()
    store = openStore(redis, { port: proxy.port }).store
    await store.ready()
    await store.setMany(
      KEYS.map((key) => ({ key, bytes: Buffer.from(key) })),
      null,
    )
  })

  afterEach(async () => {
    await store.close({ timeoutMs: 100 })
    await proxy.stop()
    await redis.stop()
  })

  it('returns no value that is not told from the wanted one, and notices soon that replies are out of step', async () => {
    proxy.dropRequests(100, seededRandom(7))
    const saw = await readUnderLoad(store)
    expect(saw.right).to.be.above(READS / 10)
    expect(saw.missing, 'every key was there all the time').to.equal(0)
    expect(proxy.dropped).to.be.above(20)
    // About twenty with the fence, more than two hundred without it.
    expect(saw.refused / proxy.dropped, 'values of other keys for each lost request').to.be.below(100)
    expect(proxy.accepted).to.be.above(proxy.dropped / 3)
    proxy.heal()
    // The last lost request may be noticed only by the next read, which then fails: the one after it is right.
    await until('reads are right again', () =>
      store.getMany(KEYS).then(
        (values) => values.every((value, index) => String(value) === KEYS[index]),
        () => false,
      ),
    )
  }).timeout(60_000)
})

interface LoadSaw {
  right: number
  missing: number
  /** Values of other keys: each names its key, as a sealed one does by its additional data. */
  refused: number
  failed: number
}

async function readUnderLoad(store: RedisStore): Promise<LoadSaw> {
  const saw: LoadSaw = { right: 0, missing: 0, refused: 0, failed: 0 }
  let left = READS
  const reader = async (start: number) => {
    for (let at = start; left > 0; at += 7) {
      left -= 1
      const key = KEYS[at % KEYS.length] ?? ''
      const outcome = await store.get(key).then(
        (value) => (value === undefined ? 'missing' : value.toString() === key ? 'right' : 'refused'),
        () => 'failed' as const,
      )
      saw[outcome] += 1
      if (outcome === 'refused') store.doubt()
      // A turn for the new connection, which failing at once would not leave.
      if (outcome === 'failed') await turn()
    }
  }
  await Promise.all(Array.from({ length: READERS }, (_, index) => reader(index * 5)))
  return saw
}

/** Mulberry32: the same losses in each run. */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
