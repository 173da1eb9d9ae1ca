import { LRUCache } from 'lru-cache'
import { placeOf } from '../cache/key-names.js'
import { Envelope, type SealedNamespace } from '../crypto/envelope.js'
import { describeHeader } from '../crypto/header.js'
import type { KeyRing } from '../crypto/key-ring.js'
import { reseal } from '../crypto/reseal.js'
import { OpenError, type OpenFailure } from '../errors.js'
import { Census, type CensusReport } from './census.js'
import type { Exchanged } from '../redis/compare-and-set.js'
import { walkServers, type WalkOptions, type WalkProgress, type WalkReport } from './walk.js'

/** Walks after which a sweep ends although values keep appearing under old keys: somebody still writes them. */
const MAX_PASSES = 5
const KEPT_NAMESPACES = 1000

export interface SweepOptions extends Pick<WalkOptions, 'find' | 'place' | 'keysPerSecond' | 'signal'> {
  readonly keyPrefix: string
  /** Ready. Its primary key seals; what lies under its other keys is sealed anew. */
  readonly keyRing: KeyRing
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly onProgress?: ((progress: SweepProgress) => void) | undefined
}

export interface SweepProgress extends WalkProgress {
  /** From 1. A pass beyond the first looks for what was written under an old key during the one before. */
  readonly pass: number
  /** Values sealed anew, over all passes. */
  readonly resealed: number
}

export interface SweepReport extends CensusReport, Pick<WalkReport, 'finished' | 'place' | 'whole'> {
  readonly resealed: number
  /** Written by somebody else at the moment of their turn, in the last pass. */
  readonly overtaken: number
  /** Values under a key of the ring that do not open, by reason: they are left alone, and expire. */
  readonly unreadable: Readonly<Partial<Record<OpenFailure, number>>>
  /** True where the last walk went from beginning to end and found nothing that had to be sealed anew. */
  readonly clean: boolean
  readonly passes: number
}

/**
 * Seals anew, under the primary key, whatever lies under another key of the ring: by compare-and-set, with time to
 * live, lifetime and issue time kept. A walk that began in the middle, met a writer, or saw slots of a Cluster move, is
 * followed by another one, so that `byKeyId` counts what lies there in the end.
 *
 * Rejects with a CacheError where a server refuses or is away; the place of the last progress says where to go on.
 */
export async function sweep(options: SweepOptions): Promise<SweepReport> {
  const { find, keyPrefix, keysPerSecond, signal, onProgress } = options
  const resealer = new Resealer(options)
  let { place } = options
  for (let passes = 1; ; passes += 1) {
    const pass = resealer.beginPass()
    const walked = await walkServers({
      find,
      prefix: keyPrefix,
      wants: (_key, head) => pass.wants(head),
      change: ({ key, value }) => pass.change(key, value),
      onExchanged: (exchanged) => {
        pass.exchanged(exchanged)
      },
      place,
      keysPerSecond,
      signal,
      onProgress:
        onProgress &&
        ((progress) => {
          onProgress({ ...progress, pass: passes, resealed: resealer.resealed })
        }),
    })
    place = undefined
    const { overtaken, finished, whole, place: reached } = walked
    const enough = whole && walked.changed === 0 && overtaken === 0
    if (!finished || enough || passes === MAX_PASSES) {
      const { resealed } = resealer
      const { unreadable } = pass
      return {
        ...pass.census.report(),
        resealed,
        overtaken,
        unreadable,
        clean: enough,
        passes,
        finished,
        whole,
        place: reached,
      }
    }
  }
}

/** Counts values by key id and touches none. `whole: false`: slots of a Cluster were moving, and values with them. */
export async function takeCensus(
  options: Pick<SweepOptions, 'find' | 'keyPrefix' | 'keysPerSecond' | 'signal'>,
): Promise<CensusReport & Pick<WalkReport, 'whole'>> {
  const census = new Census()
  const { whole } = await walkServers({
    ...options,
    prefix: options.keyPrefix,
    wants: (_key, head) => {
      census.count(head)
      return false
    },
    change: () => undefined,
  })
  return { ...census.report(), whole }
}

/** Seals single values anew, under the primary key of the ring. */
class Resealer {
  resealed = 0
  readonly #keyPrefix: string
  readonly #keyRing: KeyRing
  readonly #envelope: Envelope
  #oldIds: ReadonlySet<string> = new Set()
  readonly #namespaces = new LRUCache<string, SealedNamespace>({ max: KEPT_NAMESPACES })

  constructor({ keyPrefix, keyRing, now }: Pick<SweepOptions, 'keyPrefix' | 'keyRing' | 'now'>) {
    this.#keyPrefix = keyPrefix
    this.#keyRing = keyRing
    this.#envelope = new Envelope({ keyRing, now })
  }

  beginPass(): Pass {
    // The ring may be replaced while the sweep goes on: each pass follows the keys of its beginning.
    this.#oldIds = new Set(this.#keyRing.acceptedIds)
    return new Pass(this)
  }

  isOld(keyId: string | undefined): boolean {
    return keyId !== undefined && this.#oldIds.has(keyId)
  }

  /** Throws an OpenError for what does not open as the value of this key. */
  reseal(name: Buffer, sealed: Buffer): Buffer {
    const text = name.toString()
    // Bytes that are no UTF-8 would become another name: no cache of ours has written them.
    const place = Buffer.from(text).equals(name) ? placeOf(this.#keyPrefix, text) : undefined
    if (place === undefined) throw new OpenError('format')
    return reseal(this.#namespace(place.namespace), place.key, sealed)
  }

  #namespace(name: string): SealedNamespace {
    let namespace = this.#namespaces.get(name)
    if (namespace === undefined) {
      namespace = this.#envelope.namespace(this.#keyPrefix, name)
      this.#namespaces.set(name, namespace)
    }
    return namespace
  }
}

/** One walk over all values. */
class Pass {
  readonly census = new Census()
  readonly unreadable: Partial<Record<OpenFailure, number>> = {}
  readonly #resealer: Resealer
  /** Why values of the transaction under way do not open, by key. */
  readonly #reasons = new Map<string, OpenFailure>()

  constructor(resealer: Resealer) {
    this.#resealer = resealer
  }

  wants(head: Buffer): boolean {
    return this.#resealer.isOld(this.census.count(head))
  }

  change(key: Buffer, value: Buffer): Buffer | undefined {
    // Somebody may have written it anew since the look.
    if (!this.#resealer.isOld(describeHeader(value)?.keyId)) return undefined
    try {
      return this.#resealer.reseal(key, value)
    } catch (error) {
      if (!(error instanceof OpenError)) throw error
      this.#reasons.set(key.toString('latin1'), error.reason)
      return undefined
    }
  }

  exchanged({ key, outcome }: Exchanged): void {
    if (outcome === 'changed') this.#resealer.resealed += 1
    const name = key.toString('latin1')
    const reason = this.#reasons.get(name)
    if (reason === undefined) return
    this.#reasons.delete(name)
    if (outcome === 'kept') this.unreadable[reason] = (this.unreadable[reason] ?? 0) + 1
  }
}
