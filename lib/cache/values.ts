import { decode, type Encoded } from '../crypto/codec.js'
import { OVERHEAD_BYTES } from '../crypto/header.js'
import { CacheError, OpenError } from '../errors.js'
import type { Measurements } from '../measurements.js'
import type { EarlierNames } from './earlier-names.js'
import type { OlderFormat } from './older-formats.js'
import type { OpenReports } from './open-reports.js'
import type { SealedBytes } from './ordered-store.js'
import type { Resealing } from './resealing.js'
import type { NamespaceSealing, Opened } from './sealing.js'

export interface ValuesOptions {
  readonly sealing: NamespaceSealing
  readonly olderFormat: OlderFormat | undefined
  readonly reports: OpenReports
  readonly measurements: Measurements
  /** CACHE_MAX_VALUE_BYTES: sealed. */
  readonly maxBytes: number
  /** Seals anew what was read under an older key or in an older format; absent where nothing can. */
  readonly resealing?: Resealing | undefined
  /** Stands before every key in the store. */
  readonly prefix: string
  /** Where an earlier application kept the keys of this namespace; absent where nothing like that is read. */
  readonly earlier?: EarlierNames | undefined
}

/** The values of one namespace, in and out of the bytes that a store keeps. */
export class Values {
  readonly #sealing: NamespaceSealing
  readonly #olderFormat: OlderFormat | undefined
  readonly #reports: OpenReports
  readonly #measurements: Measurements
  readonly #maxBytes: number
  readonly #resealing: Resealing | undefined
  readonly #prefix: string
  readonly #earlier: EarlierNames | undefined

  constructor(options: ValuesOptions) {
    const { sealing, olderFormat, reports, measurements, maxBytes, resealing, prefix, earlier } = options
    this.#sealing = sealing
    this.#olderFormat = olderFormat
    this.#reports = reports
    this.#measurements = measurements
    this.#maxBytes = maxBytes
    this.#resealing = resealing
    this.#prefix = prefix
    this.#earlier = earlier
  }

  /** Refuses before sealing what no reader would open; throws `ERR_CACHE_TOO_LARGE`. */
  checkSize({ payload }: { readonly payload: { readonly length: number } }): void {
    const sealedBytes = payload.length + OVERHEAD_BYTES
    if (sealedBytes <= this.#maxBytes) return
    throw new CacheError(
      'ERR_CACHE_TOO_LARGE',
      `a value may take ${this.#maxBytes} bytes sealed, this one takes ${sealedBytes}: split it, or raise CACHE_MAX_VALUE_BYTES`,
    )
  }

  /** Large bytes are sealed in another thread. JSON is not: writing it takes ten times as long as sealing it. */
  seal(key: string, { codec, payload }: Encoded, lifetimeSeconds: number): SealedBytes {
    const timed = this.#measurements.countCrypto('seal')
    const options = { codec, lifetimeSeconds }
    const aside = codec === 'bytes' ? this.#sealing.sealAside?.(key, payload, options) : undefined
    if (aside !== undefined) return aside
    const started = timed ? performance.now() : 0
    const sealed = this.#sealing.seal(key, payload, options)
    if (timed) this.#measurements.timeCrypto('seal', performance.now() - started)
    return sealed
  }

  /** Throws, or rejects with, an OpenError for everything that is not a value of this key. */
  open(key: string, bytes: Uint8Array): Opened | Promise<Opened> {
    if (bytes.length > this.#maxBytes) throw new OpenError('too_large')
    if (this.#olderFormat?.reads(bytes) === true) {
      const older = this.#olderFormat.open(bytes)
      this.#sealAnew(key, older)
      return older
    }
    const timed = this.#measurements.countCrypto('open')
    const aside = this.#sealing.openAside?.(key, bytes)
    if (aside !== undefined) return aside.then((opened) => this.#reported(key, opened))
    const started = timed ? performance.now() : 0
    const opened = this.#sealing.open(key, bytes)
    if (timed) this.#measurements.timeCrypto('open', performance.now() - started)
    return this.#reported(key, opened)
  }

  /** {@link Values.open}, and the value itself, which is never a promise. */
  read(key: string, bytes: Uint8Array): unknown {
    const opened = this.open(key, bytes)
    return opened instanceof Promise ? opened.then(valueOf) : valueOf(opened)
  }

  #reported(key: string, opened: Opened): Opened {
    this.#reports.opened(opened.skewSeconds)
    this.#sealAnew(key, opened)
    return opened
  }

  #sealAnew(key: string, opened: Opened): void {
    if (this.#resealing?.wants(opened) !== true) return
    this.#resealing.rewrite(this.#prefix + key, {
      key,
      sealing: this.#sealing,
      olderFormat: this.#olderFormat,
      maxBytes: this.#maxBytes,
      // Only an older format can have come from under an earlier name.
      earlier: opened.keyId === '' ? this.#earlier?.placeOf(key) : undefined,
    })
  }
}

function valueOf({ codec, payload }: Opened): unknown {
  return decode(codec, payload)
}
