import type { EarlierNames, EarlierPlace } from '../cache/earlier-names.js'
import type { SealedNamespace } from '../crypto/envelope.js'
import { MAGIC } from '../crypto/header.js'
import { OpenError } from '../errors.js'
import type { Command } from '../redis/watched-write.js'
import type { Lying, MovingOptions, Str } from './moving.js'
import { readPlain, writePlain } from './plain-values.js'

/** One walk of the work on keys of an earlier application. */
export type EarlierWalk = Pick<MovingOptions, 'prefix' | 'related' | 'decide'>

export interface EarlierWorkOptions {
  readonly names: EarlierNames
  /** Seals the root namespace. */
  readonly root: SealedNamespace
  /** Begins the names of the root namespace, and of the markers. */
  readonly rootPrefix: string
  readonly markerPrefix: string
  /** What is larger once sealed stays: no cache would read it. */
  readonly maxBytes: number
}

/**
 * Values of an earlier application on their way to names of this cache and back. Their place is noted in what is
 * sealed (`origin`), so that they return to exactly the name that they had.
 */
export class EarlierWork {
  readonly #options: EarlierWorkOptions
  /** Values under earlier names that stay, because there is another one under the key's own: of the last walks. */
  collisions = 0
  /** Those that stay because they are no JSON (a Fernet token), or too large once sealed: of the last walks. */
  left = 0

  constructor(options: EarlierWorkOptions) {
    this.#options = options
  }

  /** What the application has marked as over goes, and the marker with it: nobody may still write plain values. */
  settling(): EarlierWalk {
    const { markerPrefix } = this.#options
    return {
      prefix: markerPrefix,
      related: (name) => this.#namesOf(name.slice(markerPrefix.length)),
      decide: ([own = ''], look) => {
        const place = this.#placeOf(own)
        return place === undefined ? [] : over(place, look)
      },
    }
  }

  /** Sealed under its own name, and gone from under the earlier one: a walk for each earlier prefix. */
  takingOver(): readonly EarlierWalk[] {
    this.collisions = 0
    this.left = 0
    const { names } = this.#options
    return names.prefixes.map((prefix) => ({
      prefix,
      related: (name) => {
        const key = names.keyOf(name)
        return key === undefined ? undefined : this.#namesOf(key)
      },
      decide: ([own = ''], look) => {
        const place = this.#placeOf(own)
        return place === undefined ? [] : this.#takeOver(place, look)
      },
    }))
  }

  /** Every sealed value of the root namespace, back to where an earlier application looks for it. */
  givingBack(): EarlierWalk {
    const { rootPrefix } = this.#options
    return {
      prefix: rootPrefix,
      related: (name) => this.#namesOf(name.slice(rootPrefix.length)),
      decide: ([own = ''], look) => {
        const place = this.#placeOf(own)
        return place === undefined ? [] : this.#giveBack(place, look)
      },
    }
  }

  /** The markers alone: with everybody back, what lies plain under an earlier name is what counts. */
  unmarking(): EarlierWalk {
    const { markerPrefix } = this.#options
    return {
      prefix: markerPrefix,
      related: (name) => [name],
      decide: ([marker = ''], look) => (look(marker) === undefined ? [] : [['UNLINK', marker]]),
    }
  }

  #takeOver(place: EarlierPlace, look: (name: string) => Lying): readonly Command[] {
    const { key, own, marker, names } = place
    if (look(marker) !== undefined) return over(place, look)
    const lying = look(own)
    const plain = names.flatMap((name) => {
      const found = look(name)
      const value = isStr(found) ? readPlain(found.value) : undefined
      return isStr(found) && value !== undefined ? [{ name, ttlMs: found.ttlMs, value }] : []
    })
    const [first] = plain
    if (first === undefined) {
      if (names.some((name) => isUnread(look(name)))) this.left += 1
      return []
    }
    if (lying === undefined) {
      const { root, maxBytes } = this.#options
      const { codec, payload } = first.value
      const options = { codec, lifetimeSeconds: 0, metadata: { origin: first.name } } as const
      const sealed = root.seal(key, payload, options)
      if (sealed.length <= maxBytes) return [set(own, sealed, first.ttlMs), ['UNLINK', first.name]]
      this.left += 1
      return []
    }
    // The cache itself has moved it, and left it where it was read.
    const opened = isStr(lying) ? this.#open(key, lying.value) : undefined
    const same = plain.find(
      ({ name, value }) => opened?.origin === name && opened.payload.equals(value.payload),
    )
    if (same !== undefined) return [['UNLINK', same.name]]
    this.collisions += 1
    return []
  }

  #giveBack({ key, own, marker, names }: EarlierPlace, look: (name: string) => Lying): readonly Command[] {
    const lying = look(own)
    const opened = isStr(lying) ? this.#open(key, lying.value) : undefined
    if (!isStr(lying) || opened === undefined) return []
    const { origin, plain } = opened
    const here: readonly Command[] = [set(own, plain, lying.ttlMs)]
    if (origin === own) return here
    const known = origin !== undefined && names.includes(origin) ? origin : undefined
    const target = known ?? names.find((name) => isPlain(look(name))) ?? names[0] ?? own
    const there = look(target)
    const marked: readonly Command[] = look(marker) === undefined ? [] : [['UNLINK', marker]]
    // Who writes plain values again has the newer one: the sealed one is over.
    if (isPlain(there)) return [['UNLINK', own], ...marked]
    // The name has become that of something else meanwhile.
    if (there !== undefined) return here
    return [set(target, plain, lying.ttlMs), ['UNLINK', own], ...marked]
  }

  #open(
    key: string,
    sealed: Buffer,
  ): { readonly payload: Buffer; readonly plain: Buffer; readonly origin: string | undefined } | undefined {
    if (sealed[0] !== MAGIC) return undefined
    try {
      const opened = this.#options.root.open(key, sealed)
      return { payload: opened.payload, plain: writePlain(opened), origin: opened.metadata?.origin }
    } catch (error) {
      if (error instanceof OpenError) return undefined
      throw error
    }
  }

  #placeOf(own: string): EarlierPlace | undefined {
    const { names, rootPrefix } = this.#options
    return names.placeOf(own.slice(rootPrefix.length))
  }

  #namesOf(key: string): readonly string[] | undefined {
    const place = this.#options.names.placeOf(key)
    return place && [place.own, place.marker, ...place.names]
  }
}

/**
 * Values that are over, and what says so. What is no JSON stays, a Fernet token or somebody else's, and so does what
 * hides it then.
 */
function over({ marker, names }: EarlierPlace, look: (name: string) => Lying): readonly Command[] {
  if (look(marker) === undefined) return []
  const gone = names.filter((name) => isPlain(look(name)))
  const hides = names.some((name) => isUnread(look(name)))
  const doomed = hides ? gone : [marker, ...gone]
  return doomed.length === 0 ? [] : [['UNLINK', ...doomed]]
}

function set(name: string, value: Buffer, ttlMs: number | null): Command {
  return ['SET', name, value, ...(ttlMs === null ? [] : ['PX', String(ttlMs)])]
}

function isStr(found: Lying): found is Str {
  return typeof found === 'object'
}

/** A string that is neither sealed nor JSON: a Fernet token, or somebody else's. */
function isUnread(found: Lying): boolean {
  return isStr(found) && found.value[0] !== MAGIC && readPlain(found.value) === undefined
}

/** What no cache reads is somebody else's. */
function isPlain(found: Lying): boolean {
  return isStr(found) && readPlain(found.value) !== undefined
}
