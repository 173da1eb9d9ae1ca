import { isUtf8 } from 'node:buffer'
import { placeOf, type KeyPlace } from '../cache/key-names.js'
import { Envelope, type SealedNamespace } from '../crypto/envelope.js'
import { MAGIC } from '../crypto/header.js'
import type { KeyRing } from '../crypto/key-ring.js'
import { CacheError, OpenError } from '../errors.js'
import { rewriteStrings, type RewriteProgress, type RewriteReport } from '../keys/rewrite.js'
import type { RedisConnection } from '../redis/connection.js'

/** Walks after which somebody still writes the other form: that is for people to stop. */
const MAX_PASSES = 10
const KEPT_NAMESPACES = 1000
/** Marks bytes where values are not encrypted; never the first byte of JSON (lib/cache/unsealed.ts). */
const BYTES_MARK = 0x00
/** The largest value that anybody may have written: what Redis itself takes. */
const MAX_PAYLOAD_BYTES = 512 * 1024 * 1024

export interface ValueWorkOptions {
  /** Opens a connection with full rights; it is closed afterwards. */
  readonly connect: () => RedisConnection
  readonly keyPrefix: string
  /** Ready. */
  readonly keyRing: KeyRing
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: RewriteProgress & { readonly pass: number }) => void) | undefined
}

/** What was done, and what was left as it is. */
export interface ValueWorkReport {
  readonly changed: number
  /** Of the last walk: strings that this work does not understand. */
  readonly left: number
}

/**
 * Seals the values of the cache where they lie, time to live kept, each by compare-and-set. What is no value
 * of a cache (another name, no JSON, another type) belongs to somebody else, and stays as it is. Walks until
 * one walk finds nothing to do, so that what was written in plain meanwhile is sealed too.
 */
export async function sealValues(options: ValueWorkOptions): Promise<ValueWorkReport> {
  const places = new Places(options)
  return walk(options, {
    wants: (key, head) => head.length > 0 && head[0] !== MAGIC && places.of(key) !== undefined,
    change(key, value) {
      const place = places.of(key)
      const plain = value[0] === MAGIC ? undefined : readPlain(value)
      if (place === undefined || plain === undefined) return undefined
      // No end of its own: the older value had none either, and Redis's own time to live goes on.
      return places.sealing(place).seal(place.key, plain.payload, { codec: plain.codec, lifetimeSeconds: 0 })
    },
  })
}

/** The way back: every sealed value becomes what was sealed. What does not open stays. */
export async function openValues(options: ValueWorkOptions): Promise<ValueWorkReport> {
  const places = new Places(options)
  return walk(options, {
    wants: (key, head) => head[0] === MAGIC && places.of(key) !== undefined,
    change(key, value) {
      const place = places.of(key)
      if (place === undefined || value[0] !== MAGIC) return undefined
      try {
        const { codec, payload } = places.sealing(place).open(place.key, value)
        return codec === 'json' ? payload : Buffer.concat([Buffer.of(BYTES_MARK), payload])
      } catch (error) {
        if (error instanceof OpenError) return undefined
        throw error
      }
    },
  })
}

interface Rewriting {
  readonly wants: (key: Buffer, head: Buffer) => boolean
  readonly change: (key: Buffer, value: Buffer) => Uint8Array | undefined
}

async function walk(options: ValueWorkOptions, { wants, change }: Rewriting): Promise<ValueWorkReport> {
  const { connect, keyPrefix, signal, onProgress } = options
  const connection = connect()
  let changed = 0
  try {
    await connection.ready()
    for (let pass = 1; pass <= MAX_PASSES; pass += 1) {
      const report: RewriteReport = await rewriteStrings({
        client: connection.client,
        prefix: keyPrefix,
        wants,
        change: ({ key, value }) => change(key, value),
        signal,
        onProgress: (progress) => onProgress?.({ ...progress, pass }),
      })
      changed += report.changed
      if (!report.finished) throw stopped()
      if (report.changed === 0 && report.overtaken === 0) return { changed, left: report.kept }
    }
  } finally {
    await connection.close()
  }
  throw new CacheError(
    'ERR_MIGRATION_WAITING',
    `after ${MAX_PASSES} walks something still writes values in the other form: change it over, then run the same command again`,
  )
}

/** Names and sealings of the cache's namespaces, but not of the library's own (`@lock`, `@instance`). */
class Places {
  readonly #keyPrefix: string
  readonly #envelope: Envelope
  readonly #namespaces = new Map<string, SealedNamespace>()

  constructor({ keyPrefix, keyRing }: Pick<ValueWorkOptions, 'keyPrefix' | 'keyRing'>) {
    this.#keyPrefix = keyPrefix
    this.#envelope = new Envelope({ keyRing, maxPayloadBytes: MAX_PAYLOAD_BYTES })
  }

  of(name: Buffer): KeyPlace | undefined {
    if (!isUtf8(name)) return undefined
    const place = placeOf(this.#keyPrefix, name.toString())
    return place?.namespace.startsWith('@') === true ? undefined : place
  }

  sealing({ namespace }: KeyPlace): SealedNamespace {
    const kept = this.#namespaces.get(namespace)
    if (kept !== undefined) return kept
    // Anybody can invent namespaces; memory stays bounded.
    if (this.#namespaces.size >= KEPT_NAMESPACES) this.#namespaces.clear()
    const made = this.#envelope.namespace(this.#keyPrefix, namespace)
    this.#namespaces.set(namespace, made)
    return made
  }
}

/** A value as it lies where nothing is encrypted; `undefined` for what no cache of ours would read. */
function readPlain(
  value: Buffer,
): { readonly codec: 'bytes' | 'json'; readonly payload: Uint8Array } | undefined {
  if (value[0] === BYTES_MARK) return { codec: 'bytes', payload: value.subarray(1) }
  if (value.length === 0 || !isUtf8(value)) return undefined
  try {
    JSON.parse(value.toString())
    return { codec: 'json', payload: value }
  } catch {
    return undefined
  }
}

function stopped(): CacheError {
  return new CacheError('ERR_MIGRATION_WAITING', 'stopped; the same command goes on from here')
}
