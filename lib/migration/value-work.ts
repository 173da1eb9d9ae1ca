import { isUtf8 } from 'node:buffer'
import { EarlierNames } from '../cache/earlier-names.js'
import { namespacePrefix, placeOf, ROOT_NAMESPACE, type KeyPlace } from '../cache/key-names.js'
import { Envelope, type SealedNamespace } from '../crypto/envelope.js'
import { MAGIC } from '../crypto/header.js'
import type { KeyRing } from '../crypto/key-ring.js'
import { CacheError, OpenError } from '../errors.js'
import { rewriteStrings, type RewriteProgress, type RewriteReport } from '../keys/rewrite.js'
import type { RedisConnection } from '../redis/connection.js'
import { EarlierWork, type EarlierWalk } from './earlier-work.js'
import { moveStrings } from './moving.js'
import { readPlain, writePlain } from './plain-values.js'

/** Walks after which somebody still writes the other form: that is for people to stop. */
const MAX_PASSES = 10
const KEPT_NAMESPACES = 1000
/** The largest value that anybody may have written: what Redis itself takes. */
const MAX_PAYLOAD_BYTES = 512 * 1024 * 1024

export interface ValueWorkOptions {
  /** Opens a connection with full rights; it is closed afterwards. */
  readonly connect: () => RedisConnection
  readonly keyPrefix: string
  /** What began the keys of an earlier application (CACHE_LEGACY_PREFIXES); none where absent. */
  readonly earlierPrefixes?: readonly string[] | undefined
  /** Ready. */
  readonly keyRing: KeyRing
  /** CACHE_MAX_VALUE_BYTES, sealed: what would be larger stays, because no cache would read it; no bound where absent. */
  readonly maxBytes?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?:
    | ((progress: Pick<RewriteProgress, 'changed' | 'fraction'> & { readonly pass: number }) => void)
    | undefined
}

/** What was done, and what was left as it is. */
export interface ValueWorkReport {
  readonly changed: number
  /** Of the last walk: strings that this work does not understand, or that would be too large. */
  readonly left: number
  /** Of the last walk: strings under the prefix with names that no cache gives. */
  readonly foreign: number
  /** Of the last walk: values under earlier names that stay, because there is another one under the key's own. */
  readonly collisions: number
}

/**
 * Seals the values of the cache where they lie, time to live kept, each by compare-and-set; those of an earlier
 * application move to their own names on the way. What is no value of a cache (another name, no JSON, another type)
 * belongs to somebody else, and stays as it is. Walks until one walk finds nothing to do, so that what was written
 * in plain meanwhile is sealed too.
 */
export async function sealValues(options: ValueWorkOptions): Promise<ValueWorkReport> {
  const places = new Places(options)
  const { earlier } = places
  const moved =
    earlier === undefined ? 0 : await moveAll(options, () => [earlier.settling(), ...earlier.takingOver()])
  const { maxBytes = Infinity } = options
  const { changed, left, foreign } = await walk(options, {
    isForeign: (key, head) => head[0] !== MAGIC && places.isForeign(key),
    wants: (key, head) =>
      head.length > 0 && head[0] !== MAGIC && places.of(key) !== undefined && !places.isEarlier(key),
    change(key, value) {
      const place = places.of(key)
      const plain = value[0] === MAGIC ? undefined : readPlain(value)
      if (place === undefined || plain === undefined) return undefined
      const { codec, payload } = plain
      // No end of its own: the older value had none either, and Redis's own time to live goes on.
      const sealed = places.sealing(place).seal(place.key, payload, {
        codec,
        lifetimeSeconds: 0,
        // Told from what the application writes itself, which goes to an earlier name on the way back.
        metadata: earlier && place.namespace === ROOT_NAMESPACE ? { origin: key.toString() } : undefined,
      })
      return sealed.length > maxBytes ? undefined : sealed
    },
  })
  return {
    changed: changed + moved,
    left: left + (earlier?.left ?? 0),
    foreign,
    collisions: earlier?.collisions ?? 0,
  }
}

/** The way back: every sealed value becomes what was sealed, under the name that it had. What does not open stays. */
export async function openValues(options: ValueWorkOptions): Promise<ValueWorkReport> {
  const places = new Places(options)
  const { earlier } = places
  const moved =
    earlier === undefined ? 0 : await moveAll(options, () => [earlier.givingBack(), earlier.unmarking()])
  const { changed, left, foreign } = await walk(options, {
    isForeign: (key, head) => head[0] === MAGIC && places.isForeign(key),
    wants: (key, head) => head[0] === MAGIC && places.of(key) !== undefined,
    change(key, value) {
      const place = places.of(key)
      if (place === undefined || value[0] !== MAGIC) return undefined
      try {
        return writePlain(places.sealing(place).open(place.key, value))
      } catch (error) {
        if (error instanceof OpenError) return undefined
        throw error
      }
    },
  })
  return { changed: changed + moved, left, foreign, collisions: 0 }
}

/**
 * Before anybody writes plain values again: what the application has marked as over under earlier names goes, so that
 * afterwards a plain value is the newer one.
 */
export async function settleValues(options: ValueWorkOptions): Promise<void> {
  const { earlier } = new Places(options)
  if (earlier !== undefined) await moveAll(options, () => [earlier.settling()])
}

interface Rewriting {
  readonly isForeign: (key: Buffer, head: Buffer) => boolean
  readonly wants: (key: Buffer, head: Buffer) => boolean
  readonly change: (key: Buffer, value: Buffer) => Uint8Array | undefined
}

async function walk(
  options: ValueWorkOptions,
  { isForeign, wants, change }: Rewriting,
): Promise<Omit<ValueWorkReport, 'collisions'>> {
  const { keyPrefix, signal, onProgress } = options
  let left = 0
  let foreign = 0
  const changed = await untilStill(options, async (client, pass) => {
    foreign = 0
    const report: RewriteReport = await rewriteStrings({
      client,
      prefix: keyPrefix,
      wants(key, head) {
        if (isForeign(key, head)) foreign += 1
        return wants(key, head)
      },
      change: ({ key, value }) => change(key, value),
      signal,
      onProgress: (progress) => onProgress?.({ ...progress, pass }),
    })
    left = report.kept
    return report
  })
  return { changed, left, foreign }
}

async function moveAll(options: ValueWorkOptions, walks: () => readonly EarlierWalk[]): Promise<number> {
  const { signal, onProgress } = options
  return untilStill(options, async (client, pass) => {
    let changed = 0
    let overtaken = 0
    for (const each of walks()) {
      const report = await moveStrings({
        client,
        ...each,
        signal,
        onProgress: (progress) => onProgress?.({ ...progress, changed: changed + progress.changed, pass }),
      })
      changed += report.changed
      overtaken += report.overtaken
      if (!report.finished) return { changed, overtaken, finished: false }
    }
    return { changed, overtaken, finished: true }
  })
}

/** Passes until one of them finds nothing to do. */
async function untilStill(
  { connect }: ValueWorkOptions,
  pass: (
    client: RedisConnection['client'],
    pass: number,
  ) => Promise<Pick<RewriteReport, 'changed' | 'overtaken' | 'finished'>>,
): Promise<number> {
  const connection = connect()
  let total = 0
  try {
    await connection.ready()
    for (let number = 1; number <= MAX_PASSES; number += 1) {
      const { changed, overtaken, finished } = await pass(connection.client, number)
      total += changed
      if (!finished) throw stopped()
      if (changed === 0 && overtaken === 0) return total
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
  /** Absent where no earlier application left anything. */
  readonly earlier: EarlierWork | undefined
  readonly #keyPrefix: string
  readonly #envelope: Envelope
  readonly #earlierNames: EarlierNames | undefined
  readonly #namespaces = new Map<string, SealedNamespace>()

  constructor({ keyPrefix, keyRing, earlierPrefixes: prefixes = [], maxBytes }: ValueWorkOptions) {
    this.#keyPrefix = keyPrefix
    this.#envelope = new Envelope({ keyRing, maxPayloadBytes: MAX_PAYLOAD_BYTES })
    if (prefixes.length === 0) return
    this.#earlierNames = new EarlierNames({ keyPrefix, prefixes })
    this.earlier = new EarlierWork({
      names: this.#earlierNames,
      root: this.#envelope.namespace(keyPrefix, ROOT_NAMESPACE),
      rootPrefix: namespacePrefix(keyPrefix, ROOT_NAMESPACE),
      markerPrefix: namespacePrefix(keyPrefix, '@legacy'),
      maxBytes: maxBytes ?? Infinity,
    })
  }

  /** Where a value lies that is sealed, or to be sealed, in its place. */
  of(name: Buffer): KeyPlace | undefined {
    if (!isUtf8(name)) return undefined
    const text = name.toString()
    const place = placeOf(this.#keyPrefix, text)
    return place?.namespace.startsWith('@') === true ? undefined : place
  }

  /** A plain value here is an earlier application's: `ai_cache:user:1` with `ai_cache:` among its prefixes. */
  isEarlier(name: Buffer): boolean {
    return this.#earlierNames?.keyOf(name.toString()) !== undefined
  }

  /** A name under the prefix that no cache gives, nor the earlier application. */
  isForeign(name: Buffer): boolean {
    if (!isUtf8(name)) return true
    return !this.isEarlier(name) && placeOf(this.#keyPrefix, name.toString()) === undefined
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

function stopped(): CacheError {
  return new CacheError('ERR_MIGRATION_WAITING', 'stopped; the same command goes on from here')
}
