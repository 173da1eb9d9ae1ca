import { types } from 'node:util'
import { CacheError } from '../errors.js'

/** What is nested deeper takes the thorough way, which ends in an error and not in a crash. */
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
    if (isLossless(value, 0)) return JSON.stringify(value)
  } catch {
    // A getter or a proxy throws: the thorough way says where.
  }
  return toJsonThoroughly(value)
}

/** Whether JSON loses nothing of it. Told fast, for the usual case: false may also mean that it is not known. */
function isLossless(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object') return typeof value === 'boolean'
  if (value === null) return true
  if (depth > MAX_FAST_DEPTH) return false
  if ('toJSON' in value) return isUsualDate(value)
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const part: unknown = value[i]
      // Most parts are text, and a call for each would be a third of the look.
      if (typeof part !== 'string' && !isLossless(part, depth + 1)) return false
    }
    return true
  }
  if (!isPlainObject(value) && problemOf(value) !== undefined) return false
  for (const name in value) {
    const part: unknown = (value as Readonly<Record<string, unknown>>)[name]
    if (typeof part !== 'string' && part !== undefined && !isLossless(part, depth + 1)) return false
  }
  return true
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** A valid Date whose `toJSON` is the one of every Date. */
function isUsualDate(value: object): boolean {
  if (!types.isDate(value) || Object.getPrototypeOf(value) !== Date.prototype) return false
  return !Number.isNaN(value.getTime()) && !Object.hasOwn(value, 'toJSON')
}

/** Looks at every part before and after its `toJSON`, which is called once. */
function toJsonThoroughly(value: unknown): string {
  /** Every object on the way here, and its name in the one before. `JSON.stringify` goes depth first. */
  const trail: { readonly part: unknown; readonly name: string }[] = []

  /** Called by `JSON.stringify` with `this` the holder and `part` the result of a `toJSON`. */
  function visit(this: unknown, name: string, part: unknown): unknown {
    while (trail.length > 0 && trail.at(-1)?.part !== this) trail.pop()
    const isRoot = trail.length === 0
    const original = isRoot ? value : (this as Readonly<Record<string, unknown>>)[name]
    if (original === undefined && !isRoot && !Array.isArray(this)) return undefined
    const problem = problemOf(original) ?? (part === original ? undefined : problemOf(part))
    if (problem !== undefined) throw refusal([...trail, { part, name }], problem)
    if (typeof part === 'object' && part !== null) {
      const isCycle = trail.some((above) => above.part === part)
      trail.push({ part, name })
      if (isCycle) throw refusal(trail, 'a part of itself')
    }
    return part
  }

  try {
    return JSON.stringify(value, visit)
  } catch (error) {
    if (error instanceof CacheError) throw error
    // A foreign message may hold the value: it ends here.
    const what = error instanceof RangeError ? 'nested too deeply' : 'something whose toJSON or getter throws'
    throw refusal(trail, what)
  }
}

function problemOf(part: unknown): string | undefined {
  if (typeof part === 'string' || typeof part === 'boolean' || Array.isArray(part)) return undefined
  if (typeof part === 'object' && part !== null && isPlainObject(part)) return undefined
  const refused = REFUSED.find(([fits]) => fits(part))?.[1]
  if (refused !== undefined || typeof part !== 'object' || part === null || 'toJSON' in part) return refused
  return EMPTIED.find(([fits]) => fits(part))?.[1]
}

/** The last of the trail is the offending part; the first is the whole value, `$`. */
function refusal(
  trail: readonly { readonly part: unknown; readonly name: string }[],
  problem: string,
): CacheError {
  const steps = trail.slice(1).map(({ name }, i) => step(trail[i]?.part, name))
  const path = `$${steps.join('')}`
  const shown = path.length > MAX_PATH_CHARACTERS ? `…${path.slice(-MAX_PATH_CHARACTERS)}` : path
  return new CacheError('ERR_CACHE_VALUE', `a value must be JSON or a Uint8Array, but ${shown} is ${problem}`)
}

function step(holder: unknown, name: string): string {
  if (Array.isArray(holder)) return `[${name}]`
  return /^[A-Za-z_$][\w$]{0,63}$/.test(name) ? `.${name}` : `[${JSON.stringify(name.slice(0, 64))}]`
}
