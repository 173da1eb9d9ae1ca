import { types } from 'node:util'
import { CacheError } from '../errors.js'

/** Plain values nested deeper take the thorough way, which ends in an error and not in a crash. */
const MAX_FAST_DEPTH = 64
const MAX_PATH_CHARACTERS = 200

/** What JSON cannot write or would write as something else, and how to call it. The first that fits counts. */
const REFUSED: readonly (readonly [(part: unknown) => boolean, string])[] = [
  [(part) => part === undefined, 'undefined'],
  [(part) => typeof part === 'number' && !Number.isFinite(part), 'NaN or Infinity'],
  [(part) => typeof part === 'bigint', 'a BigInt'],
  [(part) => typeof part === 'function', 'a function'],
  [(part) => typeof part === 'symbol', 'a symbol'],
  [types.isBoxedPrimitive, 'a boxed primitive'],
  // A Buffer has a toJSON, but an array of numbers is not what comes in.
  [(part) => ArrayBuffer.isView(part), 'binary data: bytes are stored as a whole value, not within another'],
  [types.isAnyArrayBuffer, 'an ArrayBuffer: store a Uint8Array'],
  [(part) => types.isDate(part) && Number.isNaN(part.getTime()), 'an invalid Date'],
]

/** Objects of which JSON writes `{}`, whatever they hold; with a `toJSON` of their own they are fine. */
const EMPTIED: readonly (readonly [(part: unknown) => boolean, string])[] = [
  [types.isMap, 'a Map: store [...map]'],
  [types.isSet, 'a Set: store [...set]'],
  [types.isWeakMap, 'a WeakMap'],
  [types.isWeakSet, 'a WeakSet'],
  [types.isPromise, 'a Promise: await it'],
  [types.isRegExp, 'a RegExp'],
  [(part) => types.isNativeError(part) || part instanceof Error, 'an Error'],
  [types.isGeneratorObject, 'a generator'],
]

/**
 * `JSON.stringify` that refuses what JSON loses without a word: NaN, Infinity, BigInt, functions, symbols, Map,
 * Set, bytes within another value, cycles, and undefined, except as a property, where absent means the same.
 * Objects with a `toJSON`, such as Date, are what it returns.
 *
 * @throws CacheError ERR_CACHE_VALUE naming the path of the offending part, such as `$.user.tags[3]`, never the
 *   value
 */
export function toJson(value: unknown): string {
  try {
    if (isPlain(value, 0)) return JSON.stringify(value)
  } catch {
    // A getter or a proxy throws: the thorough way says where.
  }
  return toJsonThoroughly(value)
}

/** Whether JSON writes all of it as it is: nothing but JSON's own kinds. Told fast, for the usual case. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean'
  if (value === null) return true
  if (depth > MAX_FAST_DEPTH || 'toJSON' in value) return false
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isPlain(value[i], depth + 1)) return false
    return true
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  for (const name in value) {
    const part: unknown = (value as Readonly<Record<string, unknown>>)[name]
    if (part !== undefined && !isPlain(part, depth + 1)) return false
  }
  return true
}

/** Looks at every part before and after its `toJSON`, which is called once. */
function toJsonThoroughly(value: unknown): string {
  /** Every object on the way here, with its path. `JSON.stringify` goes depth first. */
  const trail: { readonly part: unknown; readonly path: string }[] = []

  /** Called by `JSON.stringify` with `this` the holder and `part` the result of a `toJSON`. */
  function visit(this: unknown, name: string, part: unknown): unknown {
    while (trail.length > 0 && trail.at(-1)?.part !== this) trail.pop()
    const holder = trail.at(-1)
    const path = holder === undefined ? '$' : holder.path + step(this, name)
    const original = holder === undefined ? value : (this as Readonly<Record<string, unknown>>)[name]
    const isProperty = holder !== undefined && !Array.isArray(this)
    if (isProperty && original === undefined) return undefined
    const problem = problemOf(original) ?? problemOf(part)
    if (problem !== undefined) throw refusal(path, problem)
    if (typeof part === 'object' && part !== null) {
      if (trail.some((above) => above.part === part)) throw refusal(path, 'a part of itself')
      trail.push({ part, path })
    }
    return part
  }

  try {
    return JSON.stringify(value, visit)
  } catch (error) {
    if (error instanceof CacheError) throw error
    // A foreign message may hold the value: it ends here.
    const what = error instanceof RangeError ? 'nested too deeply' : 'something whose toJSON or getter throws'
    throw refusal(trail.at(-1)?.path ?? '$', what)
  }
}

function problemOf(part: unknown): string | undefined {
  const refused = REFUSED.find(([fits]) => fits(part))?.[1]
  if (refused !== undefined || typeof part !== 'object' || part === null || 'toJSON' in part) return refused
  return EMPTIED.find(([fits]) => fits(part))?.[1]
}

function step(holder: unknown, name: string): string {
  if (Array.isArray(holder)) return `[${name}]`
  return /^[A-Za-z_$][\w$]{0,63}$/.test(name) ? `.${name}` : `[${JSON.stringify(name.slice(0, 64))}]`
}

function refusal(path: string, problem: string): CacheError {
  const shown = path.length > MAX_PATH_CHARACTERS ? `…${path.slice(-MAX_PATH_CHARACTERS)}` : path
  return new CacheError('ERR_CACHE_VALUE', `a value must be JSON or a Uint8Array, but ${shown} is ${problem}`)
}
