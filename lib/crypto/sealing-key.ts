import type { KeyObject } from 'node:crypto'
import { NONCE_AT } from './header.js'
import { KeptSubkeys } from './kept-subkeys.js'
import type { RandomPool } from './random-pool.js'
import { SUBKEY_NONCE_BYTES, XaesKey, type Subkey } from './xaes.js'

const KEPT_VALUES = 2 ** 16
const KEPT_MS = 1000
/**
 * Up to Node 22 a key of plain bytes is the cheapest for a single value: a `KeyObject` costs 1.3 to 2 µs to make, and
 * as much again to collect. From Node 24 on plain bytes cost 13 µs more than one (docs/performance.md).
 */
const PLAIN_BYTES_ARE_CHEAP = Number.parseInt(process.versions.node, 10) < 24

/**
 * One sealing key: the XAES key of one namespace under one key of the ring, with what saves deriving.
 *
 * The writer keeps the first 12 nonce bytes and their subkey for at most 2^16 values or one second, and
 * draws the last 12 bytes at random each time: safe to about 2^49 values a key (2^80 without keeping), and
 * any XAES reader opens the result. The reader keeps the subkeys of the prefixes that it meets again.
 */
export class SealingKey {
  readonly #xaes: XaesKey
  readonly #kept = new KeptSubkeys()
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

  /** The subkey of the nonce in the header, for this one value: plain bytes are to be wiped after it. */
  forOpening(sealed: Buffer): Subkey {
    const isKnown = this.#kept.meet(sealed, NONCE_AT)
    return isKnown || !PLAIN_BYTES_ARE_CHEAP
      ? this.#keptSubkey(sealed)
      : this.#xaes.subkeyBytes(sealed, NONCE_AT)
  }

  /** The subkey of the nonce in the header, for as long as anybody holds it. */
  forOpeningAside(sealed: Buffer): KeyObject {
    this.#kept.meet(sealed, NONCE_AT)
    return this.#keptSubkey(sealed)
  }

  #keptSubkey(sealed: Buffer): KeyObject {
    return this.#kept.of(sealed, NONCE_AT, () => this.#xaes.subkey(sealed, NONCE_AT))
  }
}
