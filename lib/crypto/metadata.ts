import { isUtf8 } from 'node:buffer'
import { CacheError, OpenError } from '../errors.js'
import { MAX_U32 } from './header.js'

/** What the cache itself notes inside a sealed value. Every part is optional. */
export interface Metadata {
  /** Unix seconds from which the value is stale, though it may still be used. */
  readonly softExpiry?: number | undefined
  /** Versions of the tags that the value carries; opaque here. */
  readonly tagVersions?: Uint8Array | undefined
  /** The caller's key, where key names are hidden in Redis. */
  readonly logicalName?: string | undefined
  /** How long the value took to load, in milliseconds. */
  readonly loadCostMs?: number | undefined
  /** Where the value lay in Redis, unsealed, before it was sealed: a migration puts it back there. */
  readonly origin?: string | undefined
}

/** From here on an unknown type is refused; below it is skipped. */
const CRITICAL = 128
const LENGTH_BYTES = 2
const ENTRY_HEADER_BYTES = 3
const MAX_U16 = 0xffff
/** The most that a block can take. */
export const MAX_METADATA_BYTES = LENGTH_BYTES + MAX_U16

/** One type of entry. `write` gives `undefined` where there is nothing to write; `read` throws an OpenError. */
interface EntryForm {
  readonly type: number
  readonly write: (metadata: Metadata) => Uint8Array | undefined
  readonly read: (bytes: Buffer) => Metadata
}

/** The known types, ascending: the order in which they stand in a block. */
const FORMS: readonly EntryForm[] = [
  { type: 1, write: (m) => writeU32(m.softExpiry), read: (bytes) => ({ softExpiry: readU32(bytes) }) },
  { type: 2, write: (m) => m.tagVersions, read: (bytes) => ({ tagVersions: bytes }) },
  { type: 3, write: (m) => writeText(m.logicalName), read: (bytes) => ({ logicalName: readText(bytes) }) },
  { type: 4, write: (m) => writeU32(m.loadCostMs), read: (bytes) => ({ loadCostMs: readU32(bytes) }) },
  // 5 is what the frozen values of the tests have as a type that nobody knows.
  { type: 6, write: (m) => writeText(m.origin), read: (bytes) => ({ origin: readText(bytes) }) },
]

/**
 * Writes u16 length, then entries of u8 type, u16 length, value, in ascending order of type.
 *
 * @throws CacheError ERR_CACHE_SEAL for a value that does not fit
 */
export function writeMetadata(metadata: Metadata): Buffer {
  const entries = FORMS.flatMap(({ type, write }) => {
    const bytes = write(metadata)
    return bytes === undefined ? [] : [Buffer.from([type]), u16(bytes.length), bytes]
  })
  const length = entries.reduce((sum, bytes) => sum + bytes.length, 0)
  return Buffer.concat([u16(length), ...entries])
}

/**
 * Reads the block at the beginning of `plaintext`, strictly: types ascending, each at most once, every length
 * exact, no critical type that is not known here.
 *
 * @throws OpenError `format` for anything else
 */
export function readMetadata(plaintext: Buffer): { metadata: Metadata; payload: Buffer } {
  const end = LENGTH_BYTES + (plaintext.length < LENGTH_BYTES ? 0 : plaintext.readUInt16BE())
  if (end > plaintext.length) throw new OpenError('format')
  const metadata: Metadata = {}
  let lastType = -1
  for (let at = LENGTH_BYTES; at < end;) {
    const valueAt = at + ENTRY_HEADER_BYTES
    if (valueAt > end) throw new OpenError('format')
    const type = plaintext.readUInt8(at)
    at = valueAt + plaintext.readUInt16BE(at + 1)
    if (at > end || type <= lastType) throw new OpenError('format')
    lastType = type
    const form = FORMS.find((known) => known.type === type)
    if (form !== undefined) Object.assign(metadata, form.read(plaintext.subarray(valueAt, at)))
    else if (type >= CRITICAL) throw new OpenError('format')
  }
  return { metadata, payload: plaintext.subarray(end) }
}

function u16(number: number): Buffer {
  if (number > MAX_U16) {
    throw new CacheError('ERR_CACHE_SEAL', `metadata must have at most ${MAX_U16} bytes, got ${number}`)
  }
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(number)
  return bytes
}

function writeU32(number: number | undefined): Buffer | undefined {
  if (number === undefined) return undefined
  if (!Number.isInteger(number) || number < 0 || number > MAX_U32) {
    throw new CacheError('ERR_CACHE_SEAL', 'a number in metadata must be whole, from 0 to 2^32 - 1')
  }
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(number)
  return bytes
}

function readU32(bytes: Buffer): number {
  if (bytes.length !== 4) throw new OpenError('format')
  return bytes.readUInt32BE()
}

function writeText(text: string | undefined): Buffer | undefined {
  if (text === undefined) return undefined
  const bytes = Buffer.from(text)
  // A lone surrogate would become another text.
  if (bytes.toString() !== text)
    throw new CacheError('ERR_CACHE_SEAL', 'a text in metadata must be well-formed')
  return bytes
}

function readText(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new OpenError('format')
  return bytes.toString()
}
