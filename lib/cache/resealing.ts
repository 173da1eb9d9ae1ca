import { describeHeader } from '../crypto/header.js'
import { reseal } from '../crypto/reseal.js'
import { OpenError } from '../errors.js'
import type { HeldBytes, Store } from '../store.js'
import type { EarlierPlace } from './earlier-names.js'
import { sealOlder } from './seal-older.js'
import type { OlderFormat } from './older-formats.js'
import type { NamespaceSealing, Opened } from './sealing.js'

/** Values under way to be sealed anew; what is read meanwhile has its turn at a later read. */
const MAX_PENDING = 64
/** After a failure (a right that is missing, a server that is away) nothing is tried for so long. */
const PAUSE_MS = 60_000
/** A key under which somebody sealed a fresh value within this time is in use: see {@link Resealing.wants}. */
const QUIET_SECONDS = 600

export interface ResealingOptions {
  readonly store: Pick<Store, 'rewrite' | 'adopt'>
  /** Id of the key that seals; empty while it is being derived. */
  readonly primaryId: () => string
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** What a value is opened and sealed with. */
export interface ResealingPlace {
  readonly key: string
  readonly sealing: NamespaceSealing
  readonly olderFormat: OlderFormat | undefined
  /** CACHE_MAX_VALUE_BYTES: sealed. */
  readonly maxBytes: number
  /** Where an earlier application may have kept it; absent where nothing like that is read. */
  readonly earlier?: EarlierPlace | undefined
  /** The earlier name from under which it moves, for the way back of a migration. */
  readonly origin?: string | undefined
}

/**
 * Seals anew, in the background, what was read under an older key or in an older format: so that what is used is
 * soon under the primary key. By compare-and-set: what somebody writes meanwhile stays, and the time to live, the
 * lifetime and the issue time as well. The reader neither waits for it nor hears of it.
 */
export class Resealing {
  readonly #options: ResealingOptions
  readonly #pending = new Set<string>()
  /** Unix seconds, by key id: at most as many as a ring has keys. */
  readonly #newestIssued = new Map<string, number>()
  #pausedUntil = 0

  constructor(options: ResealingOptions) {
    this.#options = options
  }

  /**
   * Whether a value that opened is to be sealed anew. Not while its key is in use: in the middle of a rotation one
   * instance seals under the old key and another one under the new, and each would undo what the other has done.
   */
  wants({ keyId, issuedAt }: Pick<Opened, 'keyId' | 'issuedAt'>): boolean {
    const { primaryId, store, now } = this.#options
    const primary = primaryId()
    if (keyId === primary || primary === '' || store.rewrite === undefined) return false
    // An older format names no key, and nobody writes it any more.
    if (keyId === '') return true
    const newest = Math.max(issuedAt, this.#newestIssued.get(keyId) ?? 0)
    this.#newestIssued.set(keyId, newest)
    return newest < now() / 1000 - QUIET_SECONDS
  }

  /** `name`: the complete key in the store. */
  rewrite(name: string, place: ResealingPlace): void {
    const { store, now } = this.#options
    const busy = this.#pending.size >= MAX_PENDING || this.#pending.has(name)
    if (busy || now() < this.#pausedUntil || store.rewrite === undefined) return
    this.#pending.add(name)
    this.#write(name, place)
      .catch(() => {
        // The connection has told of it; the value is as readable as before.
        this.#pausedUntil = now() + PAUSE_MS
      })
      .finally(() => this.#pending.delete(name))
  }

  /** Where it lies, or from under an earlier name to where it belongs: the reader does not know which it was. */
  async #write(name: string, place: ResealingPlace): Promise<void> {
    const { store } = this.#options
    const { earlier } = place
    const done = await store.rewrite?.(name, (held) => this.#anew(held, place))
    if (done === true || earlier === undefined) return
    const { key, marker, names } = earlier
    await store.adopt?.({
      key: name,
      unless: marker,
      from: names,
      change: (held, origin) => this.#adopted(held, { ...place, key, origin }),
    })
  }

  /** What is sealed is no value of an earlier application. */
  #adopted(held: HeldBytes, place: ResealingPlace): Buffer | undefined {
    return place.olderFormat?.reads(held.value) === true ? this.#anew(held, place) : undefined
  }

  #anew(
    { value, ttlMs }: HeldBytes,
    { key, sealing, olderFormat, maxBytes, origin }: ResealingPlace,
  ): Buffer | undefined {
    // Somebody was faster.
    if (describeHeader(value)?.keyId === this.#options.primaryId()) return undefined
    try {
      const sealed =
        olderFormat?.reads(value) === true
          ? sealOlder(olderFormat.unwrap(value), { key, sealing, ttlMs, nowMs: this.#options.now(), origin })
          : reseal(sealing, key, value)
      return sealed.length > maxBytes ? undefined : sealed
    } catch (error) {
      if (error instanceof OpenError) return undefined
      throw error
    }
  }
}
