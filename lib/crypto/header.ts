import { CacheError } from '../errors.js'
import { NONCE_BYTES, TAG_BYTES } from './xaes.js'

/** Never valid in UTF-8, in JSON or as a Fernet token: older plaintext is told apart at once. */
export const MAGIC = 0xc1
/** Stands before bytes where values are not sealed; never the first byte of JSON, nor of a sealed value. */
export const BYTES_MARK = 0x00
/** XAES-256-GCM. 0x02 is reserved for a key-committing suite. */
const SUITE = 0x01

const FLAGS_AT = 2
export const KEY_ID_AT = 3
export const KEY_ID_BYTES = 16
const ISSUED_AT = 19
const LIFETIME_AT = 23
/** Where the nonce begins, and the part of the header that is additional data ends. */
export const NONCE_AT = 27
export const HEADER_BYTES = NONCE_AT + NONCE_BYTES
/** What sealing adds to a payload that is neither padded nor has metadata. */
export const OVERHEAD_BYTES = HEADER_BYTES + TAG_BYTES
export const MAX_U32 = 0xffff_ffff

/** How a value became bytes; the place in the list is the number in the header. */
const CODECS = ['bytes', 'json'] as const
export type Codec = (typeof CODECS)[number]

/** How the payload was compressed; the place in the list is the number in the header. */
const COMPRESSIONS = ['none', 'deflate-raw', 'brotli'] as const
export type Compression = (typeof COMPRESSIONS)[number]

const COMPRESSION_SHIFT = 3
const THREE_BITS = 0b111
const PADDED = 0x40
const METADATA = 0x80

/** What was done to a value before it was sealed. */
export interface PayloadForm {
  readonly codec: Codec
  readonly compression: Compression
  readonly padded: boolean
  /** Whether a metadata block stands before the payload. */
  readonly hasMetadata: boolean
}

/** What the header says in clear. Nothing of it is proven until the value was opened. */
export interface HeaderFacts extends PayloadForm {
  /** 32 hex digits. */
  readonly keyId: string
  /** Unix seconds. */
  readonly issuedAt: number
  /** Seconds, 0 for none. */
  readonly lifetimeSeconds: number
}

/** Every flags byte and what it says; reserved codecs and compressions say nothing. */
const FORMS: readonly (PayloadForm | undefined)[] = Array.from({ length: 256 }, (_, flags) => {
  const codec = CODECS[flags & THREE_BITS]
  const compression = COMPRESSIONS[(flags >> COMPRESSION_SHIFT) & THREE_BITS]
  if (codec === undefined || compression === undefined) return undefined
  const padded = (flags & PADDED) !== 0
  return Object.freeze({ codec, compression, padded, hasMetadata: (flags & METADATA) !== 0 })
})

/** The flags byte of a form. @throws CacheError ERR_CACHE_SEAL for a codec or compression of no list */
export function flagsOf(form: PayloadForm): number {
  const codec = CODECS.indexOf(form.codec)
  const compression = COMPRESSIONS.indexOf(form.compression)
  if (codec < 0 || compression < 0) {
    throw new CacheError('ERR_CACHE_SEAL', `codec must be ${or(CODECS)}, compression ${or(COMPRESSIONS)}`)
  }
  const bits = (form.padded ? PADDED : 0) | (form.hasMetadata ? METADATA : 0)
  return codec | (compression << COMPRESSION_SHIFT) | bits
}

/** What bytes 0 to 26 of a sealed value are made from. */
export interface HeaderInput {
  readonly flags: number
  readonly keyId: Uint8Array
  readonly issuedAt: number
  readonly lifetimeSeconds: number
}

/** Writes bytes 0 to 26: all of the header but the nonce. */
export function writeHeader(target: Buffer, header: HeaderInput): void {
  target[0] = MAGIC
  target[1] = SUITE
  target[FLAGS_AT] = header.flags
  target.set(header.keyId, KEY_ID_AT)
  target.writeUInt32BE(header.issuedAt, ISSUED_AT)
  target.writeUInt32BE(header.lifetimeSeconds, LIFETIME_AT)
}

/** `undefined` where magic, suite, codec or compression is none of this version. */
export function readForm(bytes: Uint8Array): PayloadForm | undefined {
  return bytes[0] === MAGIC && bytes[1] === SUITE ? FORMS[bytes[FLAGS_AT] ?? -1] : undefined
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
  const form = readForm(sealed)
  if (form === undefined || sealed.length < NONCE_AT) return undefined
  const bytes = asBuffer(sealed)
  return {
    ...form,
    keyId: bytes.toString('hex', KEY_ID_AT, KEY_ID_AT + KEY_ID_BYTES),
    issuedAt: readIssuedAt(bytes),
    lifetimeSeconds: readLifetime(bytes),
  }
}

function or(names: readonly string[]): string {
  return names.join(' or ')
}

/** The same bytes as a Buffer, without a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
