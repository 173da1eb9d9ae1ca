import type { KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { NONCE_AT } from './header.js'
import type { RandomPool } from './random-pool.js'
import { SUBKEY_NONCE_BYTES, XaesKey } from './xaes.js'

const KEPT_VALUES = 2 ** 16
const KEPT_MS = 1000
const KEPT_SUBKEYS = 32

/**
 * One sealing key: the XAES key of one namespace under one key of the ring, with what saves deriving.
 *
 * The writer keeps the first 12 nonce bytes and their subkey for at most 2^16 values or one second, and
 * draws the last 12 bytes at random each time: safe to about 2^49 values a key (2^80 without keeping), and
 * any XAES reader opens the result. The reader keeps the subkeys that it met last.
 */
export class SealingKey {
  readonly #xaes: XaesKey
  readonly #subkeys = new LRUCache<string, KeyObject>({ max: KEPT_SUBKEYS })
  readonly #prefix = Buffer.alloc(SUBKEY_NONCE_BYTES)
  #subkey: KeyObject | undefined
  #uses = 0
  #drawnAt = 0

  /** `key`: a secret `KeyObject` of 32 bytes. */
  constructor(key: KeyObject) {
    this.#xaes = new XaesKey(key)
  }

  /** Writes a fresh nonce to its place in the header and returns its subkey; `now` in milliseconds. */
  forSealing(sealed: Buffer, random: RandomPool, now: number): KeyObject {
    const age = now - this.#drawnAt
    let subkey = this.#subkey
    // Written so that a clock that went backwards, or is NaN, counts as too old.
    if (subkey === undefined || this.#uses >= KEPT_VALUES || !(age >= 0 && age < KEPT_MS)) {
      this.#subkey = undefined // a generator that throws must not leave the old prefix in use
      random.draw(this.#prefix, 0, now)
      subkey = this.#xaes.subkey(this.#prefix, 0)
      this.#subkey = subkey
      this.#uses = 0
      this.#drawnAt = now
    }
    this.#uses++
    sealed.set(this.#prefix, NONCE_AT)
    random.draw(sealed, NONCE_AT + SUBKEY_NONCE_BYTES, now)
    return subkey
  }

  /** The subkey of the nonce in the header. */
  forOpening(sealed: Buffer): KeyObject {
    const prefix = sealed.toString('latin1', NONCE_AT, NONCE_AT + SUBKEY_NONCE_BYTES)
    let subkey = this.#subkeys.get(prefix)
    if (subkey === undefined) {
      subkey = this.#xaes.subkey(sealed, NONCE_AT)
      this.#subkeys.set(prefix, subkey)
    }
    return subkey
  }
}
