import type { KeyObject } from 'node:crypto'
import { SUBKEY_NONCE_BYTES } from './xaes.js'

/** A place for each value of six bits. */
const PLACES = 64

/**
 * The nonce prefixes that a reader met last, and the subkeys of those that it met again. A prefix is random, so
 * that its first bits choose its place, and whoever comes later takes it over: no list, no text, no hash.
 */
export class KeptSubkeys {
  readonly #prefixes = new Uint8Array(PLACES * SUBKEY_NONCE_BYTES)
  readonly #subkeys = Array.from<KeyObject | undefined>({ length: PLACES })

  /** Whether the 12 bytes at `offset` are the prefix that was met last in their place. From now on they are. */
  meet(nonce: Uint8Array, offset: number): boolean {
    const place = placeOf(nonce, offset)
    const at = place * SUBKEY_NONCE_BYTES
    const prefixes = this.#prefixes
    let isKnown = true
    for (let i = 0; i < SUBKEY_NONCE_BYTES; i++) {
      const byte = nonce[offset + i] ?? 0
      if (prefixes[at + i] === byte) continue
      isKnown = false
      prefixes[at + i] = byte
    }
    if (!isKnown) this.#subkeys[place] = undefined
    return isKnown
  }

  /** The subkey of the prefix at `offset`, which was met last in its place; derived where there is none yet. */
  of(nonce: Uint8Array, offset: number, derive: () => KeyObject): KeyObject {
    return (this.#subkeys[placeOf(nonce, offset)] ??= derive())
  }
}

function placeOf(nonce: Uint8Array, offset: number): number {
  return (nonce[offset] ?? 0) % PLACES
}
