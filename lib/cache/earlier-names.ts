import { isKey, namespacePrefix, ROOT_NAMESPACE } from './key-names.js'

/** Where a key of the root namespace may lie, beside its own name. */
export interface EarlierPlace {
  readonly key: string
  /** Its own name. */
  readonly own: string
  /** Says that what lies under the earlier names is over. */
  readonly marker: string
  /** As an earlier application called it, in the order of the settings. */
  readonly names: readonly string[]
}

export interface EarlierNamesOptions {
  readonly keyPrefix: string
  /** CACHE_LEGACY_PREFIXES: none begins with another. */
  readonly prefixes: readonly string[]
}

/**
 * The names that an earlier application gave to what are keys of the root namespace now: `enc:` ‖ key. Names of this
 * cache's root and of the library's own namespaces are none of them, whatever the prefixes are: with `ai_cache:` as
 * prefix of both, `ai_cache::a` is the key `a` of now, and not `:a` of then.
 */
export class EarlierNames {
  readonly prefixes: readonly string[]
  /** What begins the names of this cache's root, and of the library's own namespaces. */
  readonly #own: readonly [root: string, reserved: string]
  readonly #markerPrefix: string

  constructor({ keyPrefix, prefixes }: EarlierNamesOptions) {
    this.prefixes = prefixes
    this.#own = [namespacePrefix(keyPrefix, ROOT_NAMESPACE), `${keyPrefix}@`]
    this.#markerPrefix = namespacePrefix(keyPrefix, '@legacy')
  }

  /** `undefined` for a key that no earlier name can have had. */
  placeOf(key: string): EarlierPlace | undefined {
    const names = this.prefixes.map((prefix) => prefix + key).filter((name) => !this.#isOwn(name))
    return names.length === 0
      ? undefined
      : { key, own: this.#own[0] + key, marker: this.#markerPrefix + key, names }
  }

  /** The key of the root namespace that an earlier name stands for; `undefined` for any other name. */
  keyOf(name: string): string | undefined {
    const prefix = this.prefixes.find((known) => name.startsWith(known))
    if (prefix === undefined || this.#isOwn(name)) return undefined
    const key = name.slice(prefix.length)
    return isKey(key) ? key : undefined
  }

  #isOwn(name: string): boolean {
    return this.#own.some((prefix) => name.startsWith(prefix))
  }
}
