import { createSecureCache } from '../lib/index.js'
import type { Servers } from './servers.js'

/** Generous, for they are about the order of magnitude: a connection that takes a second is broken. */
const BOUND_MS = 1000

export interface SanityRow {
  readonly name: string
  readonly ms: number
  readonly passes: boolean
}

/** Two absolute figures, which no baseline can make look good. */
export async function sanityRows({ access }: Servers): Promise<readonly SanityRow[]> {
  const open = (): ReturnType<typeof createSecureCache> =>
    createSecureCache({ env: access.env, logger: false })
  const started = performance.now()
  const caches = Array.from({ length: 10 }, open)
  await Promise.all(caches.map((cache) => cache.ready({ timeoutMs: 30_000 })))
  const connected = performance.now() - started

  const [cache] = caches
  const before = performance.now()
  for (let index = 0; index < 100; index += 1)
    await cache?.set(`bench:sanity:${index}`, { index }, { ttl: 60 })
  const wrote = performance.now() - before
  await Promise.all(caches.map((each) => each.close()))
  return [
    row('10 authenticated connections', connected),
    row('100 encrypted writes, one after the other', wrote),
  ]
}

function row(name: string, ms: number): SanityRow {
  return { name, ms, passes: ms < BOUND_MS }
}
