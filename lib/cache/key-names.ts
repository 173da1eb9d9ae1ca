import { CacheError } from '../errors.js'

/**
 * How a key is named in Redis: prefix ‖ namespace ‖ `:` ‖ key (docs/envelope.md, "Where it lies").
 *
 * A namespace, once encoded, holds no `:` and only our own ones hold `@`; so the first `:` after the prefix
 * ends the namespace, and no two different (namespace, key) pairs meet in one Redis key.
 */

/** Redis allows 512 MiB; a kilobyte keeps names readable in logs of the server and cheap to hash. */
export const MAX_KEY_BYTES = 1024

/** All names of nested namespaces together, once encoded; the derivation of keys takes no more (HKDF info). */
export const MAX_NAMESPACE_BYTES = 512

/** Namespaces of the library itself. No user's name encodes to one of them: `@` becomes `%40`. */
export const RESERVED_NAMESPACES = [
  '@alert',
  '@watch',
  '@lock',
  '@tag',
  '@instance',
  '@seal',
  '@check',
  '@legacy',
] as const
export type ReservedNamespace = (typeof RESERVED_NAMESPACES)[number]

/** The root namespace is empty. */
export const ROOT_NAMESPACE = ''

const LONE_SURROGATE = /\p{Surrogate}/u
/** What {@link nestNamespace} makes, and the library's own names. */
const ENCODED_NAMESPACE = /^(?:@[a-z]+|[A-Za-z0-9_.%-]+(?:\/[A-Za-z0-9_.%-]+)*)?$/
const NOT_PLAIN = /[^A-Za-z0-9_.-]/gu
const WELL_FORMED = 'of well-formed Unicode (no lone surrogate)'

/**
 * Refuses what cannot be a key, with `ERR_CACHE_KEY`. Lone surrogates all become U+FFFD on their way to Redis:
 * two different keys would meet in one.
 */
export function checkKey(key: unknown, noun = 'a cache key'): asserts key is string {
  if (typeof key !== 'string') {
    throw keyError(noun, `got ${nameOfType(key)}`)
  }
  // Pure ASCII, where bytes and characters are as many, needs no second look.
  const bytes = Buffer.byteLength(key)
  if (bytes === 0 || bytes > MAX_KEY_BYTES) {
    throw keyError(noun, `got ${bytes} bytes`)
  }
  if (bytes !== key.length && LONE_SURROGATE.test(key)) {
    throw keyError(noun, 'got one with a lone surrogate')
  }
}

/** Whether {@link checkKey} takes it. */
export function isKey(text: string): boolean {
  const bytes = Buffer.byteLength(text)
  return bytes > 0 && bytes <= MAX_KEY_BYTES && !LONE_SURROGATE.test(text)
}

/** The namespace `name` inside `parent`, encoded; throws `ERR_CACHE_NAMESPACE`. */
export function nestNamespace(parent: string, name: unknown): string {
  if (typeof name !== 'string') {
    throw namespaceError(`got ${nameOfType(name)}`)
  }
  if (name === '') {
    throw namespaceError('got an empty one')
  }
  if (name.startsWith('@')) {
    throw namespaceError('names that begin with @ belong to the library')
  }
  if (LONE_SURROGATE.test(name)) {
    throw namespaceError('got one with a lone surrogate')
  }
  const encoded = name.replace(NOT_PLAIN, percentEncode)
  const nested = parent === ROOT_NAMESPACE ? encoded : `${parent}/${encoded}`
  if (nested.length > MAX_NAMESPACE_BYTES) {
    throw namespaceError(`with its parents it takes ${nested.length} bytes once encoded`)
  }
  return nested
}

/** What stands before the key in Redis: everything in this namespace, and nothing else, begins with it. */
export function namespacePrefix(keyPrefix: string, namespace: string): string {
  return `${keyPrefix}${namespace}:`
}

/** A key in Redis, taken apart again; the reverse of {@link namespacePrefix} ‖ key. */
export interface KeyPlace {
  /** Encoded, as it stands in Redis and in the additional data. */
  readonly namespace: string
  readonly key: string
}

/** Where a Redis key of this prefix belongs; `undefined` for a name that no cache could have given. */
export function placeOf(keyPrefix: string, name: string): KeyPlace | undefined {
  if (!name.startsWith(keyPrefix)) return undefined
  const end = name.indexOf(':', keyPrefix.length)
  if (end === -1) return undefined
  const namespace = name.slice(keyPrefix.length, end)
  const key = name.slice(end + 1)
  return isKey(key) && ENCODED_NAMESPACE.test(namespace) && namespace.length <= MAX_NAMESPACE_BYTES
    ? { namespace, key }
    : undefined
}

function percentEncode(character: string): string {
  let encoded = ''
  for (const byte of Buffer.from(character)) {
    encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

function keyError(noun: string, got: string): CacheError {
  return new CacheError(
    'ERR_CACHE_KEY',
    `${noun} is a string of 1 to ${MAX_KEY_BYTES} UTF-8 bytes ${WELL_FORMED}; ${got}`,
  )
}

function namespaceError(got: string): CacheError {
  return new CacheError(
    'ERR_CACHE_NAMESPACE',
    `a namespace is a non-empty string of at most ${MAX_NAMESPACE_BYTES} encoded bytes ${WELL_FORMED} that does not begin with @; ${got}`,
  )
}

function nameOfType(value: unknown): string {
  return value === null ? 'null' : typeof value === 'object' ? 'an object' : typeof value
}
