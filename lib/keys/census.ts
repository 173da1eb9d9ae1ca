import { describeHeader } from '../crypto/header.js'

/** What lies under one key id. */
export interface KeyIdCount {
  /** 32 hex digits. */
  readonly keyId: string
  readonly values: number
  /** Unix seconds; absent where there are none. */
  readonly oldestIssuedAt: number | undefined
  readonly newestIssuedAt: number | undefined
}

/** What a walk over all values has seen. */
export interface CensusReport {
  readonly byKeyId: readonly KeyIdCount[]
  /** Values that are not sealed in any known version: older data, or somebody else's. */
  readonly unsealed: number
}

interface Tally {
  values: number
  oldest: number
  newest: number
}

/**
 * Counts values by the key id in their header, from the first 27 bytes. Nothing of a header is proven: whoever can
 * write to Redis can write ids as well. Good for deciding what to sweep, and for keeping a key too long rather than
 * too short.
 */
export class Census {
  readonly #tallies = new Map<string, Tally>()
  #unsealed = 0

  /** Counts a value and returns its key id; `undefined` for one that is not sealed. */
  count(head: Buffer): string | undefined {
    const facts = describeHeader(head)
    if (facts === undefined) {
      this.#unsealed += 1
      return undefined
    }
    const tally = this.#tallies.get(facts.keyId)
    if (tally === undefined) {
      this.#tallies.set(facts.keyId, { values: 1, oldest: facts.issuedAt, newest: facts.issuedAt })
    } else {
      tally.values += 1
      tally.oldest = Math.min(tally.oldest, facts.issuedAt)
      tally.newest = Math.max(tally.newest, facts.issuedAt)
    }
    return facts.keyId
  }

  /** Most values first. */
  report(): CensusReport {
    const byKeyId = [...this.#tallies].map(([keyId, { values, oldest, newest }]) => ({
      keyId,
      values,
      oldestIssuedAt: oldest,
      newestIssuedAt: newest,
    }))
    return { byKeyId: byKeyId.toSorted((a, b) => b.values - a.values), unsealed: this.#unsealed }
  }
}
