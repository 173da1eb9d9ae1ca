import type { Redis } from 'ioredis'
import { Envelope } from '../../lib/crypto/envelope.js'
import type { KeyRing } from '../../lib/crypto/key-ring.js'

const BATCH = 500

export interface SealedSeed {
  readonly keyRing: KeyRing
  readonly keyPrefix: string
  readonly values: number
  readonly now: () => number
}

/** Writes that many small sealed values into the root namespace, under the keys `seed:0`, `seed:1`, …, for an hour. */
export async function seedSealed(
  client: Redis,
  { keyRing, keyPrefix, values, now }: SealedSeed,
): Promise<void> {
  const sealing = new Envelope({ keyRing, now }).namespace(keyPrefix, '')
  for (let from = 0; from < values; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, values - from) }, (_, index) => `seed:${from + index}`)
    await Promise.all(
      batch.map(async (key) => {
        const sealed = sealing.seal(key, Buffer.from(`"${key}"`), { codec: 'json', lifetimeSeconds: 7200 })
        await client.set(`${keyPrefix}:${key}`, sealed, 'PX', 3_600_000)
      }),
    )
  }
}
