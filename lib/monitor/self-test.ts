import { randomBytes } from 'node:crypto'
import { CacheError, OpenError } from '../errors.js'
import type { SelfTestSeen } from './observations.js'
import type { PlaceSealing, SealedPlace } from './sealed-place.js'

const LIFETIME_SECONDS = 60
const PAYLOAD_BYTES = 32

/**
 * Seals a value, stores it, fetches what lies there and opens it: proof on the way that the application's
 * values take, instead of trust in a setting. Each round uses a new random value under a name of its own, so
 * that instances do not disturb each other; what is left behind expires within a minute.
 */
export class SelfTest {
  readonly #place: SealedPlace
  readonly #key = `self-test:${randomBytes(8).toString('hex')}`

  constructor(place: SealedPlace) {
    this.#place = place
  }

  /** @throws CacheError where the store cannot be reached or dropped the value at once: nothing was seen then */
  async run(): Promise<SelfTestSeen> {
    const { store, sealing, nameOf } = this.#place
    const payload = randomBytes(PAYLOAD_BYTES)
    const sealed = sealing.seal(this.#key, payload, { codec: 'bytes', lifetimeSeconds: LIFETIME_SECONDS })
    const name = nameOf(this.#key)
    await store.set(name, sealed, LIFETIME_SECONDS * 1000)
    const stored = await store.get(name)
    if (stored === undefined) {
      throw new CacheError(
        'ERR_CACHE_UNAVAILABLE',
        'the self-test value was gone at once: is the memory full?',
      )
    }
    return {
      sealed: !sealed.includes(payload),
      storedSealed: stored.equals(sealed),
      opened: opens(sealing, this.#key, stored)?.equals(payload) ?? false,
      boundToKey: opens(sealing, `${this.#key}:moved`, stored) === undefined,
    }
  }
}

function opens(sealing: PlaceSealing, key: string, stored: Buffer): Buffer | undefined {
  try {
    return sealing.open(key, stored).payload
  } catch (error) {
    if (error instanceof OpenError) return undefined
    throw error
  }
}
