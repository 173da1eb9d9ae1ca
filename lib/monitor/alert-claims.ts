import { randomUUID } from 'node:crypto'
import type { StoreConnection } from '../redis/route.js'
import type { SealedPlace } from './sealed-place.js'

/** Whether this instance is the one that tells about something. */
export interface AlertClaims {
  /** True where nobody else has told within `ms`; from then on others are refused. Never rejects. */
  claim(kind: string, ms: number): Promise<boolean>
}

const READY_TIMEOUT_MS = 1000

/** One instance alone, or no server to ask: everything is ours to tell. */
export const LOCAL_CLAIMS: AlertClaims = { claim: () => Promise.resolve(true) }

/**
 * Several instances see the same attack: the first one to write `@alert:<kind>` tells. The claim is sealed, so
 * that nobody who can merely write to Redis can silence an alert: what does not open is no claim. Where Redis
 * does not answer, each instance tells for itself: twice is better than never.
 */
export class SharedClaims implements AlertClaims {
  readonly #place: SealedPlace
  readonly #connection: StoreConnection
  readonly #instance = randomUUID()

  constructor(place: SealedPlace, connection: StoreConnection) {
    this.#place = place
    this.#connection = connection
  }

  async claim(kind: string, ms: number): Promise<boolean> {
    const { store, sealing, nameOf } = this.#place
    try {
      // What a start has to say comes before the connection is there.
      if (this.#connection.status === 'connecting') {
        await this.#connection.ready({ timeoutMs: READY_TIMEOUT_MS })
      }
      const name = nameOf(kind)
      const sealed = sealing.seal(kind, Buffer.from(this.#instance), {
        codec: 'bytes',
        lifetimeSeconds: Math.ceil(ms / 1000),
      })
      if (await this.#setIfAbsent(name, sealed, ms)) return true
      const holder = this.#holderOf(kind, await store.get(name))
      if (holder !== undefined && holder !== this.#instance) return false
      await store.set(name, sealed, ms)
      return true
    } catch {
      return true
    }
  }

  async #setIfAbsent(name: string, sealed: Buffer, ms: number): Promise<boolean> {
    return (await this.#connection.call('SET', name, sealed, 'PX', String(ms), 'NX')) === 'OK'
  }

  #holderOf(kind: string, stored: Buffer | undefined): string | undefined {
    try {
      return stored && this.#place.sealing.open(kind, stored).payload.toString()
    } catch {
      return undefined
    }
  }
}
