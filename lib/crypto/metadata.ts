import { isUtf8 } from 'node:buffer'
import { CacheError } from '../errors.js'
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
}

/** From here on an unknown type is refused; below it is skipped. */
const CRITICAL = 128
const LENGTH_BYTES = 2
const ENTRY_HEADER_BYTES = 3
const MAX_U16 = 0xffff

type Field = keyof Metadata

/** One type of entry: how its value is written and read. `read` gives `undefined` for a malformed one. */
interface EntryForm<F extends Field> {
  readonly field: F
  readonly write: (value: NonNullable<Metadata[F]>) => Uint8Array
  readonly read: (bytes: Buffer) => NonNullable<Metadata[F]> | undefined
}

const U32 = {
  write(value: number): Uint8Array {
    if (!Number.isInteger(value) || value < 0 || value > MAX_U32) {
      throw new CacheError('ERR_CACHE_SEAL', 'a number in the metadata must be a whole one below 2^32')
    }
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return bytes
  },
  read: (bytes: Buffer) => (bytes.length === 4 ? bytes.readUInt32BE() : undefined),
}

/** The known types, ascending: the order in which they stand in a block. */
const FORMS: ReadonlyMap<number, EntryForm<Field>> = new Map<number, EntryForm<Field>>([
  [1, form({ field: 'softExpiry', ...U32 })],
  [2, form({ field: 'tagVersions', write: (bytes) => bytes, read: (bytes) => Buffer.from(bytes) })],
  [
    3,
    form({
      field: 'logicalName',
      write: (name) => Buffer.from(name),
      read: (bytes) => (isUtf8(bytes) ? bytes.toString() : undefined),
    }),
  ],
  [4, form({ field: 'loadCostMs', ...U32 })],
])

/** Forgets which field a form is for; each is only ever called with its own field's value. */
function form<F extends Field>(entry: EntryForm<F>): EntryForm<Field> {
  return entry as unknown as EntryForm<Field>
}

/**
 * Writes u16 length, then entries of u8 type, u16 length, value, in ascending order of type.
 *
 * @throws CacheError ERR_CACHE_SEAL for a value that does not fit
 */
export function writeMetadata(metadata: Metadata): Buffer {
  const entries: Uint8Array[] = []
  for (const [type, { field, write }] of FORMS) {
    const value = metadata[field]
    if (value === undefined) continue
    const bytes = write(value)
    const header = Buffer.alloc(ENTRY_HEADER_BYTES)
    header[0] = type
    if (bytes.length <= MAX_U16) header.writeUInt16BE(bytes.length, 1)
    entries.push(header, bytes)
  }
  const length = entries.reduce((sum, bytes) => sum + bytes.length, 0)
  if (length > MAX_U16) {
    throw new CacheError('ERR_CACHE_SEAL', `metadata must have at most ${MAX_U16} bytes, got ${length}`)
  }
  const block = Buffer.concat([Buffer.alloc(LENGTH_BYTES), ...entries])
  block.writeUInt16BE(length)
  return block
}

/**
 * Reads the block at the beginning of `plaintext`, strictly: types ascending, each at most once, every length
 * exact, no critical type that is not known here. `undefined` for anything else.
 */
export function readMetadata(plaintext: Buffer): { metadata: Metadata; payload: Buffer } | undefined {
  if (plaintext.length < LENGTH_BYTES) return undefined
  const end = LENGTH_BYTES + plaintext.readUInt16BE()
  if (end > plaintext.length) return undefined
  const fields: Partial<Record<Field, unknown>> = {}
  let lastType = -1
  let at = LENGTH_BYTES
  while (at < end) {
    if (at + ENTRY_HEADER_BYTES > end) return undefined
    const type = plaintext.readUInt8(at)
    const valueAt = at + ENTRY_HEADER_BYTES
    at = valueAt + plaintext.readUInt16BE(at + 1)
    if (at > end || type <= lastType) return undefined
    lastType = type
    const known = FORMS.get(type)
    if (known === undefined) {
      if (type >= CRITICAL) return undefined
      continue
    }
    const value = known.read(plaintext.subarray(valueAt, at))
    if (value === undefined) return undefined
    fields[known.field] = value
  }
  return { metadata: fields as Metadata, payload: plaintext.subarray(end) }
}
