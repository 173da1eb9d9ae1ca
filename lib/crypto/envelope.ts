import { CacheError } from '../errors.js'
import { aadNamespace } from './additional-data.js'
import { describeHeader, OVERHEAD_BYTES, type HeaderFacts } from './header.js'
import type { GcmThread } from './gcm-thread.js'
import type { KeyRing } from './key-ring.js'
import { MAX_METADATA_BYTES } from './metadata.js'
import { padmeSize } from './padding.js'
import { RandomPool, type RandomFill } from './random-pool.js'
import { SealedNamespace, type SealingContext } from './sealed-namespace.js'

export type { Codec, Compression, HeaderFacts } from './header.js'
export type { Metadata } from './metadata.js'
export type { Opened, SealedNamespace, SealOptions } from './sealed-namespace.js'

/** Above what a generated Redis lets through (8 MiB); a cache passes its own limit. */
const DEFAULT_MAX_PAYLOAD_BYTES = 16 * 1024 * 1024
/** What one value may be made to hold at most; Redis itself ends at 512 MiB. */
const LARGEST_MAX_PAYLOAD_BYTES = 512 * 1024 * 1024

export interface EnvelopeOptions {
  readonly keyRing: KeyRing
  /** Milliseconds since 1970; `Date.now` where absent. */
  readonly now?: (() => number) | undefined
  /** `crypto.randomFillSync` where absent. */
  readonly random?: RandomFill | undefined
  /** Bytes of a payload, before compression and after decompression; 16 MiB where absent. */
  readonly maxPayloadBytes?: number | undefined
  /** Where large values are sealed and opened by `sealAside` and `openAside`; whoever makes it ends it. */
  readonly thread?: GcmThread | undefined
}

/**
 * Seals values and opens them: the sealed value format, version 1 (docs/envelope.md). AES-256-GCM in its
 * extended-nonce form, with each value bound to its place, its key and its age.
 */
export class Envelope {
  readonly #context: SealingContext

  /** @throws CacheError ERR_CACHE_MISUSE for a bound that is none */
  constructor(options: EnvelopeOptions) {
    const maxPayloadBytes = options.maxPayloadBytes ?? DEFAULT_MAX_PAYLOAD_BYTES
    if (!(maxPayloadBytes >= 1 && maxPayloadBytes <= LARGEST_MAX_PAYLOAD_BYTES)) {
      throw new CacheError('ERR_CACHE_MISUSE', 'maxPayloadBytes must be from 1 byte to 512 MiB')
    }
    this.#context = {
      keyRing: options.keyRing,
      now: options.now ?? Date.now,
      random: new RandomPool(options.random),
      maxPayloadBytes,
      thread: options.thread,
      maxSealedBytes: padmeSize(maxPayloadBytes + MAX_METADATA_BYTES + 1) + OVERHEAD_BYTES,
    }
  }

  /**
   * What seals and opens the values of one namespace. `prefix` is the key prefix (`ai_cache:`), `name` the
   * namespace as it stands in Redis keys (percent-encoded, nested ones joined by `/`; empty for the root).
   *
   * @throws CacheError ERR_CACHE_NAMESPACE for text that cannot be bound to a value
   */
  namespace(prefix: string, name: string): SealedNamespace {
    return new SealedNamespace(this.#context, aadNamespace(prefix, name))
  }

  /**
   * What the header says, without opening: for sweeps and counts, of which the first 27 bytes are enough.
   * `undefined` for bytes that are no sealed value of this version. Nothing of it is proven.
   */
  static describe(bytes: Uint8Array): HeaderFacts | undefined {
    return describeHeader(bytes)
  }
}
