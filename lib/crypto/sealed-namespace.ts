import type { KeyObject } from 'node:crypto'
import { CacheError, OpenError } from '../errors.js'
import { AdditionalData } from './additional-data.js'
import {
  asBuffer,
  flagsOf,
  HEADER_BYTES,
  KEY_ID_AT,
  MAX_U32,
  NONCE_AT,
  OVERHEAD_BYTES,
  readForm,
  readIssuedAt,
  readLifetime,
  writeHeader,
  type HeaderInput,
  type Codec,
  type PayloadForm,
} from './header.js'
import type { GcmThread } from './gcm-thread.js'
import type { KeyRing } from './key-ring.js'
import type { Metadata } from './metadata.js'
import { unwrap, wrap, type PayloadOptions } from './payload.js'
import type { RandomPool } from './random-pool.js'
import type { RingKey } from './ring-key.js'
import { gcmOpen, gcmSeal, SUBKEY_NONCE_BYTES, type GcmInput, type Subkey } from './xaes.js'

/** Clocks may differ by so much without a value being refused or reported. */
const SKEW_SECONDS = 60
/** From here on the event loop feels it: 0.1 ms of sealing, where a message to another thread costs less. */
export const ASIDE_BYTES = 256 * 1024
const GCM_NONCE_AT = NONCE_AT + SUBKEY_NONCE_BYTES

/** What the namespaces of one envelope share. */
export interface SealingContext {
  readonly keyRing: KeyRing
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly random: RandomPool
  readonly maxPayloadBytes: number
  /** Absent where nothing is sealed in another thread. */
  readonly thread: GcmThread | undefined
  /** More than any sealed payload of that size has. */
  readonly maxSealedBytes: number
}

export interface SealOptions extends PayloadOptions {
  readonly codec: Codec
  /** How long the value opens at most, in seconds, rounded up; 0 for no end. */
  readonly lifetimeSeconds: number
  /** Unix seconds, now where absent: given when a value is sealed anew and must not live longer by it. */
  readonly issuedAt?: number | undefined
}

/** A value that opened: all of it is authentic. */
export interface Opened {
  readonly payload: Buffer
  readonly codec: Codec
  /** Unix seconds. */
  readonly issuedAt: number
  /** Seconds, 0 for none. */
  readonly lifetimeSeconds: number
  /** 32 hex digits. */
  readonly keyId: string
  readonly metadata: Metadata | undefined
  /** By how many seconds the value comes from the future; 0 within the 60 s that clocks may differ. */
  readonly skewSeconds: number
}

/** Seals and opens the values of one namespace. Made by `Envelope.namespace`. */
export class SealedNamespace {
  readonly #context: SealingContext
  readonly #aadNamespace: string
  readonly #additionalData: AdditionalData

  constructor(context: SealingContext, aadNamespace: string) {
    this.#context = context
    this.#aadNamespace = aadNamespace
    this.#additionalData = new AdditionalData(aadNamespace)
  }

  /**
   * Seals the payload for its key: the result opens under this key in this namespace alone.
   *
   * @throws CacheError ERR_CACHE_SEAL before the keys are ready, ERR_CACHE_TOO_LARGE, ERR_CACHE_TTL,
   *   ERR_CACHE_KEY
   */
  seal(key: string, payload: Uint8Array, options: SealOptions): Buffer {
    const draft = this.#draft(payload, options)
    const sealed = Buffer.allocUnsafe(draft.plaintext.length + OVERHEAD_BYTES)
    gcmSeal(this.#sealingInput(sealed, key, draft), draft.plaintext, sealed)
    return sealed
  }

  /**
   * The same in another thread, for bytes of which the event loop would feel the sealing: from
   * {@link ASIDE_BYTES} on. `undefined` where it is done faster here. The payload is the caller's again when
   * this returns.
   *
   * @throws CacheError as {@link SealedNamespace.seal}, at once
   */
  sealAside(key: string, payload: Uint8Array, options: SealOptions): Promise<Buffer> | undefined {
    const { thread } = this.#context
    if (payload.length < ASIDE_BYTES || thread?.takes(payload.length) !== true) return undefined
    const draft = this.#draft(payload, options)
    const header = Buffer.allocUnsafe(HEADER_BYTES)
    const input = this.#sealingInput(header, key, draft)
    return thread
      .run({ direction: 'seal', ...input, text: draft.plaintext, headerBytes: HEADER_BYTES })
      .then((sealed) => {
        const bytes = asBuffer(sealed ?? new Uint8Array())
        bytes.set(header)
        return bytes
      })
  }

  /**
   * Opens what {@link SealedNamespace.seal} made for this key.
   *
   * @throws OpenError with its reason; CacheError ERR_CACHE_KEY
   */
  open(key: string, sealedBytes: Uint8Array): Opened {
    const sealed = asBuffer(sealedBytes)
    const found = this.#find(sealed)
    const subkey = found.ringKey.sealingKey(this.#aadNamespace).forOpening(sealed)
    try {
      const input = this.#openingInput(sealed, key, subkey)
      return this.#opened(gcmOpen(input, sealed, HEADER_BYTES), sealed, found)
    } finally {
      if (subkey instanceof Uint8Array) subkey.fill(0)
    }
  }

  /**
   * The same in another thread, for large values that are bytes and not JSON; `undefined` where it is done
   * faster here. Rejects as {@link SealedNamespace.open} throws.
   *
   * @throws OpenError and CacheError for what shows before the tag is checked
   */
  openAside(key: string, sealedBytes: Uint8Array): Promise<Opened> | undefined {
    const { thread } = this.#context
    if (thread === undefined || sealedBytes.length < ASIDE_BYTES) return undefined
    const sealed = asBuffer(sealedBytes)
    // JSON is parsed here in any case, which takes ten times as long as opening it.
    if (readForm(sealed)?.codec !== 'bytes' || !thread.takes(sealed.length)) return undefined
    const found = this.#find(sealed)
    const subkey = found.ringKey.sealingKey(this.#aadNamespace).forOpeningAside(sealed)
    const input = this.#openingInput(sealed, key, subkey)
    return thread
      .run({ direction: 'open', ...input, text: sealed, headerBytes: HEADER_BYTES })
      .then((plaintext) => this.#opened(plaintext && asBuffer(plaintext), sealed, found))
  }

  /** Everything that is to be known of a value before its nonce is drawn. */
  #draft(payload: Uint8Array, options: SealOptions): Draft {
    const { keyRing, now, maxPayloadBytes } = this.#context
    const ringKey = keyRing.primary
    if (ringKey === undefined) {
      throw new CacheError(
        'ERR_CACHE_SEAL',
        'the encryption keys are still being derived: await ready() first',
      )
    }
    if (payload.length > maxPayloadBytes) {
      throw new CacheError(
        'ERR_CACHE_TOO_LARGE',
        `a value may have at most ${maxPayloadBytes} bytes, this one has ${payload.length}`,
      )
    }
    const nowMs = now()
    const form = formOf(options)
    const flags = flagsOf(form)
    const { plaintext, compression } = wrap(payload, options)
    return {
      ringKey,
      plaintext,
      flags: compression === form.compression ? flags : flagsOf({ ...form, compression }),
      keyId: ringKey.idBytes,
      nowMs,
      issuedAt: unixSeconds(options.issuedAt ?? nowMs / 1000),
      lifetimeSeconds: wholeLifetime(options.lifetimeSeconds),
    }
  }

  /** Writes the whole header, with a fresh nonce. */
  #sealingInput(sealed: Buffer, key: string, draft: Draft): GcmInput<KeyObject> {
    writeHeader(sealed, draft)
    const additionalData = this.#additionalData.of(sealed, key)
    const sealingKey = draft.ringKey.sealingKey(this.#aadNamespace)
    const subkey = sealingKey.forSealing(sealed, this.#context.random, draft.nowMs)
    return { subkey, nonce: sealed.subarray(GCM_NONCE_AT, HEADER_BYTES), additionalData }
  }

  /** What the header names: read before anything of it is proven. */
  #find(sealed: Buffer): Found {
    const { keyRing, maxSealedBytes } = this.#context
    const form = readForm(sealed)
    if (form === undefined || sealed.length < OVERHEAD_BYTES) throw new OpenError('format')
    if (sealed.length > maxSealedBytes) throw new OpenError('too_large')
    const ringKey = keyRing.find(sealed, KEY_ID_AT)
    if (ringKey === undefined) throw new OpenError('unknown_key')
    return { form, ringKey }
  }

  #openingInput<K extends Subkey>(sealed: Buffer, key: string, subkey: K): GcmInput<K> {
    const additionalData = this.#additionalData.of(sealed, key)
    return { subkey, nonce: sealed.subarray(GCM_NONCE_AT, HEADER_BYTES), additionalData }
  }

  #opened(plaintext: Buffer | undefined, sealed: Buffer, { form, ringKey }: Found): Opened {
    if (plaintext === undefined) throw new OpenError('tag')
    // From here on every byte, the header's too, is what somebody with the key wrote.
    const { now, maxPayloadBytes } = this.#context
    const issuedAt = readIssuedAt(sealed)
    const lifetimeSeconds = readLifetime(sealed)
    const age = now() / 1000 - issuedAt
    // Written so that a clock without a time (NaN) lets nothing live on.
    if (lifetimeSeconds > 0 && !(age <= lifetimeSeconds + SKEW_SECONDS)) throw new OpenError('expired')
    const { payload, metadata } = unwrap(plaintext, form, maxPayloadBytes)
    return {
      payload,
      codec: form.codec,
      issuedAt,
      lifetimeSeconds,
      keyId: ringKey.id,
      metadata,
      skewSeconds: age < -SKEW_SECONDS ? Math.ceil(-age) : 0,
    }
  }
}

/** A value on its way to being sealed, and what its header will say. */
interface Draft extends HeaderInput {
  readonly ringKey: RingKey
  readonly plaintext: Uint8Array
  /** Milliseconds. */
  readonly nowMs: number
}

/** The key that a header names, and how its payload is written. */
interface Found {
  readonly form: PayloadForm
  readonly ringKey: RingKey
}

function formOf(options: SealOptions): PayloadForm {
  const { codec, compression = 'none', padded = false, metadata } = options
  return { codec, compression, padded, hasMetadata: metadata !== undefined }
}

function unixSeconds(seconds: number): number {
  const whole = Math.floor(seconds)
  if (whole >= 0 && whole <= MAX_U32) return whole
  throw new CacheError('ERR_CACHE_SEAL', 'the time of issue must lie between 1970 and 2106: set the clock')
}

function wholeLifetime(seconds: number): number {
  const whole = Math.ceil(seconds)
  if (whole >= 0 && whole <= MAX_U32) return whole
  throw new CacheError('ERR_CACHE_TTL', 'a lifetime must be from 0 (none) to 2^32 - 1 seconds')
}
