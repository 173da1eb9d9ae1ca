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
  type Codec,
  type PayloadForm,
} from './header.js'
import type { KeyRing } from './key-ring.js'
import type { Metadata } from './metadata.js'
import { unwrap, wrap, type PayloadOptions } from './payload.js'
import type { RandomPool } from './random-pool.js'
import { gcmOpen, gcmSeal, SUBKEY_NONCE_BYTES } from './xaes.js'

/** Clocks may differ by so much without a value being refused or reported. */
const SKEW_SECONDS = 60
const GCM_NONCE_AT = NONCE_AT + SUBKEY_NONCE_BYTES

/** What the namespaces of one envelope share. */
export interface SealingContext {
  readonly keyRing: KeyRing
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly random: RandomPool
  readonly maxPayloadBytes: number
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
    const { keyRing, now, random, maxPayloadBytes } = this.#context
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
    const sealed = Buffer.allocUnsafe(plaintext.length + OVERHEAD_BYTES)
    writeHeader(sealed, {
      flags: compression === form.compression ? flags : flagsOf({ ...form, compression }),
      keyId: ringKey.idBytes,
      issuedAt: unixSeconds(options.issuedAt ?? nowMs / 1000),
      lifetimeSeconds: wholeLifetime(options.lifetimeSeconds),
    })
    const additionalData = this.#additionalData.of(sealed, key)
    const subkey = ringKey.sealingKey(this.#aadNamespace).forSealing(sealed, random, nowMs)
    const nonce = sealed.subarray(GCM_NONCE_AT, HEADER_BYTES)
    gcmSeal({ subkey, nonce, additionalData }, plaintext, sealed)
    return sealed
  }

  /**
   * Opens what {@link SealedNamespace.seal} made for this key.
   *
   * @throws OpenError with its reason; CacheError ERR_CACHE_KEY
   */
  open(key: string, sealedBytes: Uint8Array): Opened {
    const { keyRing, now, maxPayloadBytes, maxSealedBytes } = this.#context
    const sealed = asBuffer(sealedBytes)
    const form = readForm(sealed)
    if (form === undefined || sealed.length < OVERHEAD_BYTES) throw new OpenError('format')
    if (sealed.length > maxSealedBytes) throw new OpenError('too_large')
    const ringKey = keyRing.find(sealed, KEY_ID_AT)
    if (ringKey === undefined) throw new OpenError('unknown_key')

    const additionalData = this.#additionalData.of(sealed, key)
    const subkey = ringKey.sealingKey(this.#aadNamespace).forOpening(sealed)
    const nonce = sealed.subarray(GCM_NONCE_AT, HEADER_BYTES)
    const plaintext = gcmOpen({ subkey, nonce, additionalData }, sealed, HEADER_BYTES)
    if (plaintext === undefined) throw new OpenError('tag')

    // From here on every byte, the header's too, is what somebody with the key wrote.
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
