import { NONCE_BYTES, TAG_BYTES } from './xaes.js'

/** Bytes of a key id. */
export const KEY_ID_BYTES = 16
/** Never valid in UTF-8, in JSON or as a Fernet token: older plaintext is told apart at once. */
export const MAGIC = 0xc1
/** XAES-256-GCM. 0x02 is reserved for a key-committing suite. */
const SUITE = 0x01

export const KEY_ID_AT = 3
const ISSUED_AT = 19
const LIFETIME_AT = 23
/** The nonce, and the end of the part of the header that is additional data. */
export const NONCE_AT = 27
export const HEADER_BYTES = NONCE_AT + NONCE_BYTES
/** What sealing adds to a payload that is neither padded nor has metadata. */
export const OVERHEAD_BYTES = HEADER_BYTES + TAG_BYTES
export const MAX_U32 = 0xffff_ffff

/** How a value was turned into bytes; the place in the list is the number in the header. */
const CODECS = ['bytes', 'json'] as const
export type Codec = (typeof CODECS)[number]

/** How the payload was compressed; the place in the list is the number in the header. */
const COMPRESSIONS = ['none', 'deflate-raw', 'brotli'] as const
export type Compression = (typeof COMPRESSIONS)[number]

const COMPRESSION_SHIFT = 3
const THREE_BITS = 0b111
const PADDED = 0x40
const METADATA = 0x80

/** What the header says in clear. Nothing of it is proven until the value was opened. */
export interface HeaderFacts {
  readonly codec: Codec
  readonly compression: Compression
  readonly padded: boolean
  /** Whether a metadata block stands before the payload. */
  readonly hasMetadata: boolean
  /** 32 hex digits. */
  readonly keyId: string
  /** Unix seconds. */
  readonly issuedAt: number
  /** Seconds, 0 for none. */
  readonly lifetimeSeconds: number
}

export interface HeaderInput extends Omit<HeaderFacts, 'keyId'> {
  readonly keyId: Uint8Array
}

/** Writes bytes 0 to 26: all of the header but the nonce. */
export function writeHeader(target: Buffer, header: HeaderInput): void {
  target[0] = MAGIC
  target[1] = SUITE
  target[2] =
    CODECS.indexOf(header.codec) |
    (COMPRESSIONS.indexOf(header.compression) << COMPRESSION_SHIFT) |
    (header.padded ? PADDED : 0) |
    (header.hasMetadata ? METADATA : 0)
  target.set(header.keyId, KEY_ID_AT)
  target.writeUInt32BE(header.issuedAt, ISSUED_AT)
  target.writeUInt32BE(header.lifetimeSeconds, LIFETIME_AT)
}

/** The codec and compression, or `undefined` where magic, suite, codec or compression is not of this version. */
export function readFlags(
  bytes: Uint8Array,
): Pick<HeaderFacts, 'codec' | 'compression' | 'padded' | 'hasMetadata'> | undefined {
  const flags = bytes[2]
  if (bytes[0] !== MAGIC || bytes[1] !== SUITE || flags === undefined) return undefined
  const codec = CODECS[flags & THREE_BITS]
  const compression = COMPRESSIONS[(flags >> COMPRESSION_SHIFT) & THREE_BITS]
  if (codec === undefined || compression === undefined) return undefined
  return { codec, compression, padded: (flags & PADDED) !== 0, hasMetadata: (flags & METADATA) !== 0 }
}

/** Unix seconds. */
export function readIssuedAt(bytes: Buffer): number {
  return bytes.readUInt32BE(ISSUED_AT)
}

/** Seconds, 0 for none. */
export function readLifetime(bytes: Buffer): number {
  return bytes.readUInt32BE(LIFETIME_AT)
}

/** Reads the header of sealed bytes, of which the first 27 are enough; `undefined` for anything else. */
export function describeHeader(sealed: Uint8Array): HeaderFacts | undefined {
  if (sealed.length < NONCE_AT) return undefined
  const flags = readFlags(sealed)
  if (flags === undefined) return undefined
  const bytes = asBuffer(sealed)
  return {
    ...flags,
    keyId: bytes.toString('hex', KEY_ID_AT, KEY_ID_AT + KEY_ID_BYTES),
    issuedAt: readIssuedAt(bytes),
    lifetimeSeconds: readLifetime(bytes),
  }
}

/** The same bytes as a Buffer, without a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
