import { CacheError } from '../errors.js'
import { checkKey } from './key-names.js'

/**
 * What arrives from programs without types. JavaScript's own messages would hold the value (`new Map(['x'])`
 * says "Iterator value x …"), so nothing is left to them.
 */

/** Each key once, in the order given; throws `ERR_CACHE_KEY`. */
export function distinct(keys: Iterable<string>): string[] {
  // A string is iterable as well, character by character: surely not what was meant.
  if (typeof keys === 'string' || !isIterable(keys)) {
    throw new CacheError('ERR_CACHE_KEY', 'many keys are given as an array or another iterable of strings')
  }
  const wanted = [...new Set(keys)]
  for (const key of wanted) checkKey(key)
  return wanted
}

/** The entries by key, the last of each; throws `ERR_CACHE_MISUSE` or `ERR_CACHE_KEY`. */
export function lastOfEach(entries: unknown): Map<string, unknown> {
  if (typeof entries === 'string' || !isIterable(entries)) {
    throw notEntries()
  }
  const last = new Map<string, unknown>()
  for (const entry of entries) {
    if (!Array.isArray(entry) || entry.length !== 2) throw notEntries()
    const [key, value] = entry as [unknown, unknown]
    checkKey(key)
    last.set(key, value)
  }
  return last
}

export function checkLoader(load: unknown): void {
  if (typeof load === 'function') return
  throw new CacheError(
    'ERR_CACHE_MISUSE',
    'getOrSet(key, load) takes a function that loads the value; set(key, value) takes the value itself',
  )
}

function notEntries(): CacheError {
  return new CacheError(
    'ERR_CACHE_MISUSE',
    'setMany takes an iterable of [key, value] pairs, such as a Map or Object.entries(object)',
  )
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value
}
