import { decode, type Encoded } from '../crypto/codec.js'
import type { LoadContext, Ttl, WriteOptions } from '../interface.js'
import { ttlToMs } from '../ttl.js'

/** What a loader is told, and what it decides about the value that it loads. */
export class Loading implements LoadContext {
  readonly key: string
  readonly signal: AbortSignal
  #ttl: Ttl | undefined
  #isStored = true

  constructor(key: string, signal: AbortSignal) {
    this.key = key
    this.signal = signal
  }

  /** Not methods, because loaders take their context apart: `({ setTtl }) => …`. */
  readonly setTtl = (ttl: Ttl): void => {
    // Checked here, where the mistake is: its stack names the loader.
    ttlToMs(ttl)
    this.#ttl = ttl
  }

  readonly doNotStore = (): void => {
    this.#isStored = false
  }

  get isStored(): boolean {
    return this.#isStored
  }

  /** The caller's options, with what the loader said in their place. */
  options(options: WriteOptions | undefined): WriteOptions | undefined {
    return this.#ttl === undefined ? options : { ...options, ttl: this.#ttl }
  }
}

/** What a flight brings home: bytes, of which each caller gets a value of its own. */
export class Landed {
  readonly wasHit: boolean
  readonly #encoded: Encoded
  /** Decoded already, for the first who asks. */
  #first: unknown

  private constructor(encoded: Encoded, hit?: { readonly first: unknown }) {
    this.#encoded = encoded
    this.wasHit = hit !== undefined
    this.#first = encoded.codec === 'json' ? hit?.first : undefined
  }

  /** Throws an OpenError for bytes that are no value: a miss, which every caller shares. */
  static fromStore(opened: Encoded): Landed {
    return new Landed(opened, { first: decode(opened.codec, opened.payload) })
  }

  static fromLoader(encoded: Encoded): Landed {
    return new Landed(encoded)
  }

  /** Bytes are copied: a loader, or another caller, may go on with those that it has. */
  value(): unknown {
    const { codec, payload } = this.#encoded
    if (codec === 'bytes') return Buffer.from(payload)
    const first = this.#first
    this.#first = undefined
    return first === undefined ? decode(codec, payload) : first
  }
}
