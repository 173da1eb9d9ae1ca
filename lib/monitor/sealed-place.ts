import type { Store } from '../store.js'

/**
 * As much of sealing as the monitor needs. `createSecureCache` hands in what the cache itself seals with, so
 * that what is proven here is the way of the application's values, and the monitor needs no keys.
 */
export interface PlaceSealing {
  seal(
    key: string,
    payload: Uint8Array,
    options: { readonly codec: 'bytes'; readonly lifetimeSeconds: number },
  ): Buffer
  /** Throws an OpenError for everything that was not sealed for this key. */
  open(key: string, bytes: Uint8Array): { readonly payload: Buffer; readonly keyId: string }
}

/** A reserved namespace (such as `@watch`) in the store of a cache, with what seals for it. */
export interface SealedPlace {
  readonly store: Pick<Store, 'get' | 'set'>
  readonly sealing: PlaceSealing
  /** The complete name in Redis of a key in this namespace. */
  readonly nameOf: (key: string) => string
}
