import { checkKey } from './cache/key-names.js'
import { whenReady, type KeyReadiness } from './cache/key-readiness.js'
import { headerSeconds } from './cache/lifetimes.js'
import type { NamespaceSealing } from './cache/sealing.js'
import { decode, encode } from './crypto/codec.js'
import { CacheError } from './errors.js'
import type { Cacheable, Sealer, SealerOptions } from './interface.js'
import { ttlToMs } from './ttl.js'

/** Nobody's request waits for it: derivation takes a fraction of a second, on a busy machine a few. */
const KEYS_TIMEOUT_MS = 10_000

/** A sealer over one namespace that no cache uses, so that neither opens what the other has sealed. */
export class NamespaceSealer implements Sealer {
  readonly #sealing: NamespaceSealing
  readonly #keys: KeyReadiness

  constructor(sealing: NamespaceSealing, keys: KeyReadiness) {
    this.#sealing = sealing
    this.#keys = keys
  }

  async seal<T>(value: Cacheable<T>, options: SealerOptions): Promise<Buffer> {
    const context = contextOf(options)
    const { lifetime } = options
    const lifetimeSeconds = lifetime === undefined ? 0 : headerSeconds(ttlToMs(lifetime))
    const { codec, payload } = encode(value)
    return this.#withKeys(() => this.#sealing.seal(context, payload, { codec, lifetimeSeconds }))
  }

  async open<T = unknown>(sealed: Uint8Array, options: Pick<SealerOptions, 'context'>): Promise<T> {
    const context = contextOf(options)
    if (!(sealed instanceof Uint8Array)) {
      throw new CacheError('ERR_CACHE_MISUSE', 'open(sealed, { context }) takes the bytes that seal returned')
    }
    return this.#withKeys(() => {
      const { codec, payload } = this.#sealing.open(context, sealed)
      return decode(codec, payload) as T
    })
  }

  async #withKeys<R>(work: () => R): Promise<R> {
    return this.#keys.isReady ? work() : whenReady(this.#keys, KEYS_TIMEOUT_MS, async () => work())
  }
}

function contextOf(options: unknown): string {
  const context: unknown =
    typeof options === 'object' && options !== null && 'context' in options ? options.context : undefined
  checkKey(context, 'the context of a sealed value')
  return context
}
