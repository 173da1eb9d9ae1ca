import type { KeyObject } from 'node:crypto'
import { decode } from '../crypto/codec.js'
import { openFernet } from '../crypto/fernet.js'
import { MAGIC } from '../crypto/header.js'
import { OpenError } from '../errors.js'
import type { LegacyFormat, Measurements } from '../measurements.js'
import type { Opened } from './sealing.js'

export interface OlderFormatOptions {
  /** CACHE_READ_MODE; `strict` needs no reader of older formats. */
  readonly format: LegacyFormat
  /** CACHE_READ_MODE_UNTIL: from then on every value has to be sealed again. */
  readonly until: Date
  /** The ring's keys, asked for at each read: the ring may be swapped. */
  readonly masters: () => readonly KeyObject[]
  readonly measurements: Measurements
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/**
 * Reads what an earlier application left behind, until an end date that is checked at each read. Whoever can
 * write to Redis can plant such values, which is why the date exists; each read is counted.
 */
export class OlderFormat {
  readonly #options: OlderFormatOptions
  readonly #untilMs: number

  constructor(options: OlderFormatOptions) {
    this.#options = options
    this.#untilMs = options.until.getTime()
  }

  /** Milliseconds since 1970: its end. */
  get untilMs(): number {
    return this.#untilMs
  }

  /** Whether its end is still to come. */
  get isOpen(): boolean {
    return this.#options.now() < this.#untilMs
  }

  /** True for bytes that this reader is for, and only before its end. */
  reads(bytes: Uint8Array): boolean {
    return bytes[0] !== MAGIC && this.isOpen
  }

  /** Throws an OpenError for what is neither. */
  open(bytes: Uint8Array): Opened {
    const { format, measurements } = this.#options
    const opened = this.unwrap(bytes)
    // Counted only where it is a value: what follows may not fail any more.
    measurements.countLegacyRead(format)
    return opened
  }

  /** The same, for other work than reading: it is not counted. */
  unwrap(bytes: Uint8Array): Opened {
    const opened = this.#options.format === 'fernet' ? this.#openFernet(bytes) : plaintext(bytes)
    decode('json', opened.payload)
    return opened
  }

  #openFernet(bytes: Uint8Array): Opened {
    const { masters, now } = this.#options
    const { payload, issuedAt } = openFernet(bytes, masters(), now() / 1000)
    return unbound(payload, issuedAt)
  }
}

function plaintext(bytes: Uint8Array): Opened {
  if (bytes.length === 0) throw new OpenError('format')
  return unbound(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0)
}

function unbound(payload: Buffer, issuedAt: number): Opened {
  return {
    payload,
    codec: 'json',
    issuedAt,
    lifetimeSeconds: 0,
    keyId: '',
    metadata: undefined,
    skewSeconds: 0,
  }
}
