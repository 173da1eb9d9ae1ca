import { setTimeout as wait } from 'node:timers/promises'
import { startProxyBefore } from './start-proxy.js'
import { startRedis } from './redis-server.js'
import { testCache } from './test-cache.js'

export interface LossyReads {
  /** Reads that gave a value. */
  readonly answered: number
  /** Reads that gave none. */
  readonly missed: number
  readonly wrong: readonly string[]
  readonly dropped: number
  readonly connections: number
}

interface Stored {
  readonly key: string
  readonly version: number
}

const KEYS = 400
const WORKERS = 48
/** Keys of one getMany. */
const MANY = 12

/**
 * Reads and writes under concurrent load through a proxy that drops one request in a hundred, until so many reads
 * were answered. A lost request shifts each later reply to the command before it: what counts is that no caller
 * ever gets another one's value.
 */
export async function readThroughLoss(
  reads: number,
  env: Readonly<Record<string, string>> = {},
): Promise<LossyReads> {
  const server = await startRedis()
  const proxy = await startProxyBefore(server)
  const { cache } = testCache({
    env: { ...server.env, REDIS_HOST: proxy.host, REDIS_PORT: String(proxy.port), ...env },
  })
  const keys = Array.from({ length: KEYS }, (_, index) => `key:${index}`)
  const versions = new Map<string, number>()
  const wrong: string[] = []
  const seen = { answered: 0, missed: 0 }

  const check = (key: string, value: Stored | undefined): void => {
    if (value === undefined) {
      seen.missed += 1
      return
    }
    seen.answered += 1
    const isOwn = value.key === key && value.version <= (versions.get(key) ?? 0)
    if (!isOwn) wrong.push(`${key} got ${value.key} of version ${value.version}`)
  }
  const write = async (key: string): Promise<void> => {
    const version = (versions.get(key) ?? 0) + 1
    versions.set(key, version)
    await cache.set(key, { key, version })
  }
  const pick = (index: number): string => keys[index % KEYS] ?? ''

  const work = async (worker: number): Promise<void> => {
    for (let round = worker; seen.answered < reads; round += 7) {
      const missedBefore = seen.missed
      const key = pick(round)
      if (round % 5 === 0) await write(key)
      const many = Array.from({ length: MANY }, (_, index) => pick(round * 3 + index))
      const loaded = pick(round * 11)
      const [one, found, own] = await Promise.all([
        cache.get<Stored>(key),
        cache.getMany<Stored>(many),
        cache.getOrSet(loaded, ({ key: asked }) => ({ key: asked, version: versions.get(asked) ?? 0 })),
      ])
      check(key, one)
      if (own.key !== loaded) wrong.push(`${loaded} loaded ${own.key}`)
      for (const name of many) check(name, found.get(name))
      // While the connection is being replaced everything is a miss: that is no load, and it is over soon.
      if (seen.missed > missedBefore) await wait(2)
    }
  }

  try {
    await cache.ready()
    for (const key of keys) await write(key)
    proxy.dropRequests(100)
    await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker)))
    return { ...seen, wrong, dropped: proxy.dropped, connections: proxy.accepted }
  } finally {
    await cache.close()
    await proxy.stop()
    await server.stop()
  }
}
