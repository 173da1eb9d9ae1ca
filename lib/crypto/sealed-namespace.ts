import { CacheError, OpenError } from '../errors.js'
import { AdditionalData } from './additional-data.js'
import { compress, decompress } from './compression.js'
import {
  asBuffer,
  HEADER_BYTES,
  KEY_ID_AT,
  MAX_U32,
  NONCE_AT,
  OVERHEAD_BYTES,
  readFlags,
  readIssuedAt,
  readLifetime,
  writeHeader,
  type Codec,
  type Compression,
} from './header.js'
import type { KeyRing } from './key-ring.js'
import { readMetadata, writeMetadata, type Metadata } from './metadata.js'
import { pad, padmeSize, unpad } from './padding.js'
import type { RandomPool } from './random-pool.js'
import { gcmOpen, gcmSeal, SUBKEY_NONCE_BYTES } from './xaes.js'

/** Clocks may differ by so much without a value being refused or reported. */
const SKEW_SECONDS = 60
const GCM_NONCE_AT = NONCE_AT + SUBKEY_NONCE_BYTES
/** u16 length and at most so many bytes of entries. */
const MAX_METADATA_BYTES = 2 + 0xffff

/** What the namespaces of one envelope share. */
export interface SealingContext {
  readonly keyRing: KeyRing
  readonly now: () => number
  readonly random: RandomPool
  readonly maxPayloadBytes: number
}

export interface SealOptions {
  readonly codec: Codec
  /** How long the value opens at most, in seconds, rounded up; 0 for no end. */
  readonly lifetimeSeconds: number
  /** Unix seconds, now where absent: given when a value is sealed anew and must not live longer by it. */
  readonly issuedAt?: number | undefined
  /** Off by default: the length of what is compressed together with a secret tells about the secret. */
  readonly compression?: Compression | undefined
  /** Hides the exact length, for at most 12 % more bytes. */
  readonly padded?: boolean | undefined
  readonly metadata?: Metadata | undefined
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
    const milliseconds = now()
    const { compression, plaintext } = prepare(payload, options)
    const sealed = Buffer.allocUnsafe(plaintext.length + OVERHEAD_BYTES)
    writeHeader(sealed, {
      codec: options.codec,
      compression,
      padded: options.padded === true,
      hasMetadata: options.metadata !== undefined,
      keyId: ringKey.idBytes,
      issuedAt: unixSeconds(options.issuedAt ?? milliseconds / 1000),
      lifetimeSeconds: lifetime(options.lifetimeSeconds),
    })
    const additionalData = this.#additionalData.of(sealed, key)
    const subkey = ringKey.sealingKey(this.#aadNamespace).forSealing(sealed, random, milliseconds)
    const nonce = sealed.subarray(GCM_NONCE_AT, HEADER_BYTES)
    gcmSeal({ subkey, nonce, additionalData }, plaintext, sealed.subarray(HEADER_BYTES))
    return sealed
  }

  /**
   * Opens what {@link SealedNamespace.seal} made for this key.
   *
   * @throws OpenError with its reason; CacheError ERR_CACHE_KEY
   */
  open(key: string, sealedBytes: Uint8Array): Opened {
    const sealed = asBuffer(sealedBytes)
    const { keyRing, now, maxPayloadBytes } = this.#context
    const flags = readFlags(sealed)
    if (flags === undefined || sealed.length < OVERHEAD_BYTES) throw new OpenError('format')
    if (sealed.length > maxSealedBytes(maxPayloadBytes)) throw new OpenError('too_large')
    const ringKey = keyRing.find(sealed, KEY_ID_AT)
    if (ringKey === undefined) throw new OpenError('unknown_key')

    const additionalData = this.#additionalData.of(sealed, key)
    const subkey = ringKey.sealingKey(this.#aadNamespace).forOpening(sealed)
    const nonce = sealed.subarray(GCM_NONCE_AT, HEADER_BYTES)
    const plaintext = gcmOpen({ subkey, nonce, additionalData }, sealed.subarray(HEADER_BYTES))
    if (plaintext === undefined) throw new OpenError('tag')

    // From here on every byte, the header's too, is what somebody with the key wrote.
    const issuedAt = readIssuedAt(sealed)
    const lifetimeSeconds = readLifetime(sealed)
    const seconds = now() / 1000
    if (lifetimeSeconds > 0 && seconds > issuedAt + lifetimeSeconds + SKEW_SECONDS) {
      throw new OpenError('expired')
    }
    const ahead = issuedAt - seconds
    const { metadata, payload } = restore(plaintext, { ...flags, maxPayloadBytes })
    return {
      payload,
      codec: flags.codec,
      issuedAt,
      lifetimeSeconds,
      keyId: ringKey.id,
      metadata,
      skewSeconds: ahead > SKEW_SECONDS ? Math.ceil(ahead) : 0,
    }
  }
}

/** Compress, put the metadata before it, pad. */
function prepare(
  payload: Uint8Array,
  options: SealOptions,
): { compression: Compression; plaintext: Uint8Array } {
  let compression = options.compression ?? 'none'
  let plaintext = payload
  if (compression !== 'none') {
    const compressed = compress(compression, payload)
    if (compressed.length < payload.length) plaintext = compressed
    else compression = 'none' // the header says what was done, not what was asked for
  }
  if (options.metadata !== undefined) plaintext = Buffer.concat([writeMetadata(options.metadata), plaintext])
  if (options.padded === true) plaintext = pad(plaintext)
  return { compression, plaintext }
}

/** The reverse of {@link prepare}, with the payload's bound. */
function restore(
  plaintext: Buffer,
  how: { compression: Compression; padded: boolean; hasMetadata: boolean; maxPayloadBytes: number },
): { metadata: Metadata | undefined; payload: Buffer } {
  const unpadded = how.padded ? unpad(plaintext) : plaintext
  if (unpadded === undefined) throw new OpenError('format')
  const parts = how.hasMetadata ? readMetadata(unpadded) : { metadata: undefined, payload: unpadded }
  if (parts === undefined) throw new OpenError('format')
  const { metadata } = parts
  const payload =
    how.compression === 'none'
      ? parts.payload
      : decompress(how.compression, parts.payload, how.maxPayloadBytes)
  if (payload.length > how.maxPayloadBytes) throw new OpenError('too_large')
  return { metadata, payload }
}

/** More than any value of this size can take, so that larger ones are refused before they are decrypted. */
function maxSealedBytes(maxPayloadBytes: number): number {
  return padmeSize(maxPayloadBytes + MAX_METADATA_BYTES + 1) + OVERHEAD_BYTES
}

function unixSeconds(seconds: number): number {
  const whole = Math.floor(seconds)
  if (whole >= 0 && whole <= MAX_U32) return whole
  throw new CacheError('ERR_CACHE_SEAL', 'the time of issue must lie between 1970 and 2106: set the clock')
}

function lifetime(seconds: number): number {
  const whole = Math.ceil(seconds)
  if (whole >= 0 && whole <= MAX_U32) return whole
  throw new CacheError('ERR_CACHE_TTL', 'a lifetime must be between 0 (none) and 2^32 - 1 seconds')
}
