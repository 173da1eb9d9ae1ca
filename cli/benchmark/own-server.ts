import { randomBytes } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createSecureCache } from '../../lib/index.js'
import type { Cache } from '../../lib/interface.js'
import type { Settings } from '../../lib/settings/settings.js'
import type { Environment } from '../environment.js'
import { sampleValue } from './sample-value.js'
import { runWindow, type Window } from './window.js'

const SIZES = [200, 1024, 10 * 1024, 100 * 1024]
const CONCURRENCIES = [1, 16, 64]
/** Keys of one size: together about 11 MB at most, on the server too. */
const KEYS = 100
/** Whatever prevents the cleaning up: nothing stays for longer. */
const TTL_SECONDS = 600
/** Sealed, with what JSON adds to the size asked for. */
const HEADROOM_BYTES = 1024

export interface OwnServerOptions {
  readonly environment: Environment
  readonly settings: Settings
  readonly seconds: number
  /** Aborted with the reason that the measurement then rejects with. */
  readonly signal: AbortSignal
}

/** One row: an operation at a size, with so many callers. */
export interface Row {
  readonly operation: 'set' | 'get'
  readonly size: number
  readonly concurrency: number
  readonly window: Window
}

export interface OwnServerFigures {
  readonly at: Date
  readonly backend: Settings['backend']
  readonly isEncrypted: boolean
  readonly hasTls: boolean
  readonly rows: readonly Row[]
  /** Milliseconds, 99 of 100 below it: what the event loop was late while all of it ran. */
  readonly loopDelayMs: number
}

/** Whoever started it wants it to end. */
export class Interrupted extends Error {}

/**
 * Writes and reads values of several sizes through the cache that the settings describe, in a namespace of its own,
 * and removes them. Rejects as the cache does where Redis fails.
 */
export async function measureOwnServer(options: OwnServerOptions): Promise<OwnServerFigures> {
  const { environment, settings, seconds, signal } = options
  const cache = createSecureCache({ env: environment, logger: false, onFailure: 'throw' })
  const sizes = SIZES.filter((size) => size + HEADROOM_BYTES <= settings.cache.maxValueBytes)
  const values = cache.namespace(`secure-cache-bench-${randomBytes(6).toString('hex')}`)
  const delay = monitorEventLoopDelay({ resolution: 5 })
  try {
    await cache.ready({ signal })
    delay.enable()
    const rows = await measureRows(values, sizes, { seconds, signal })
    delay.disable()
    return {
      at: new Date(),
      backend: settings.backend,
      isEncrypted: settings.encryption.enabled,
      hasTls: settings.redis.tls !== undefined,
      rows,
      loopDelayMs: delay.percentile(99) / 1e6,
    }
  } finally {
    // Where the server is away there is nothing to remove: what lies there ends by itself.
    await values.deleteMany(sizes.flatMap(keysOf)).catch(() => 0)
    await cache.close()
  }
}

async function measureRows(
  values: Cache,
  sizes: readonly number[],
  { seconds, signal }: Pick<OwnServerOptions, 'seconds' | 'signal'>,
): Promise<readonly Row[]> {
  const ms = (seconds * 1000) / (sizes.length * CONCURRENCIES.length * 2)
  const rows: Row[] = []
  for (const size of sizes) {
    const value = sampleValue(size, 1) as object
    const keys = keysOf(size)
    const key = (index: number): string => keys[index % KEYS] ?? ''
    const operations = {
      set: (index: number) => values.set(key(index), value, { ttl: TTL_SECONDS }),
      get: (index: number) => values.get(key(index)),
    }
    await values.setMany(
      keys.map((each) => [each, value] as const),
      { ttl: TTL_SECONDS },
    )
    for (const concurrency of CONCURRENCIES) {
      for (const operation of ['set', 'get'] as const) {
        const window = await runWindow(
          (index) => {
            signal.throwIfAborted()
            return operations[operation](index)
          },
          { concurrency, ms },
        )
        rows.push({ operation, size, concurrency, window })
      }
    }
  }
  return rows
}

function keysOf(size: number): string[] {
  return Array.from({ length: KEYS }, (_, index) => `${size}:${index}`)
}
