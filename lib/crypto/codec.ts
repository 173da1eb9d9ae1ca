import { isUtf8 } from 'node:buffer'
import { CacheError, OpenError } from '../errors.js'
import type { Codec } from './header.js'

/** A value as bytes, and how it became them. */
export interface Encoded {
  readonly codec: Codec
  readonly payload: Uint8Array
}

/** What JSON loses or cannot write, by `typeof`. */
const REFUSED_TYPES: Readonly<Record<string, string>> = {
  undefined: 'undefined',
  function: 'a function',
  symbol: 'a symbol',
  bigint: 'a BigInt',
}

/** Objects whose content JSON silently drops. Typed arrays and ArrayBuffers are told apart by `isView`. */
const REFUSED_OBJECTS: readonly (readonly [abstract new (...args: never) => object, string])[] = [
  [Map, 'a Map'],
  [Set, 'a Set'],
  [WeakMap, 'a WeakMap'],
  [WeakSet, 'a WeakSet'],
  [Promise, 'a Promise (await it first)'],
  [RegExp, 'a RegExp'],
  [Error, 'an Error'],
  [ArrayBuffer, 'an ArrayBuffer (wrap it in a Uint8Array, not inside of another value)'],
]

/** Plain values nested deeper than this take the thorough way, which ends in an error and not in a crash. */
const MAX_FAST_DEPTH = 64

/**
 * Turns a value into bytes: `Uint8Array` as it is, everything else as JSON in UTF-8.
 *
 * What JSON would lose without a word is refused: NaN, Infinity, BigInt, functions, symbols, Map, Set, bytes
 * inside of another value, and undefined, except as an object's property, where absent means the same.
 * Objects with `toJSON` (Date) are what it returns.
 *
 * @throws CacheError ERR_CACHE_VALUE naming the path of the offending part, such as `$.user.tags[3]`
 */
export function encode(value: unknown): Encoded {
  if (value instanceof Uint8Array) return { codec: 'bytes', payload: value }
  const text = isPlain(value, 0) ? JSON.stringify(value) : stringifyThoroughly(value)
  return { codec: 'json', payload: Buffer.from(text) }
}

/** The reverse. @throws OpenError `decode` for bytes that are no JSON in UTF-8 */
export function decode(codec: Codec, payload: Uint8Array): unknown {
  if (codec === 'bytes') return payload
  if (!isUtf8(payload)) throw new OpenError('decode')
  try {
    return JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString())
  } catch {
    throw new OpenError('decode')
  }
}

/** Whether nothing but plain objects, arrays and JSON's own types is in it: the usual case, told fast. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean'
  if (value === null) return true
  if (depth > MAX_FAST_DEPTH || 'toJSON' in value) return false
  if (Array.isArray(value)) return value.every((item) => isPlain(item, depth + 1)) && !isSparse(value)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  for (const name in value) {
    const item: unknown = (value as Record<string, unknown>)[name]
    if (item !== undefined && !isPlain(item, depth + 1)) return false
  }
  return true
}

/** `every` skips holes; JSON writes them as null. */
function isSparse(array: readonly unknown[]): boolean {
  for (let i = 0; i < array.length; i++) if (!(i in array)) return true
  return false
}

/** JSON.stringify that looks at every part, before and after its `toJSON`. */
function stringifyThoroughly(value: unknown): string {
  const paths = new Map<unknown, string>()
  function check(this: unknown, name: string, item: unknown): unknown {
    const parent = paths.get(this)
    const path = parent === undefined ? '$' : parent + step(this, name)
    const raw: unknown = parent === undefined ? value : (this as Record<string, unknown>)[name]
    const isDroppedProperty =
      item === undefined && raw === undefined && parent !== undefined && !Array.isArray(this)
    if (isDroppedProperty) return undefined
    const problem = problemOf(raw) ?? problemOf(item)
    if (problem !== undefined) throw refusal(path, problem)
    if (typeof item === 'object' && item !== null) paths.set(item, path)
    return item
  }
  try {
    return JSON.stringify(value, check)
  } catch (error) {
    if (error instanceof CacheError) throw error
    // A foreign message could hold the value: cycles, depth and a `toJSON` or getter that throws end here.
    throw refusal('$', 'nested without end, or has a toJSON or getter that throws')
  }
}

function problemOf(item: unknown): string | undefined {
  if (typeof item === 'number') return Number.isFinite(item) ? undefined : 'NaN or Infinity'
  if (typeof item !== 'object') return REFUSED_TYPES[typeof item]
  if (item === null) return undefined
  if (ArrayBuffer.isView(item)) return 'bytes (a Uint8Array may only be the whole value)'
  if (item instanceof Date) return Number.isNaN(item.getTime()) ? 'an invalid Date' : undefined
  if ('toJSON' in item) return undefined
  return REFUSED_OBJECTS.find(([type]) => item instanceof type)?.[1]
}

function step(holder: unknown, name: string): string {
  if (Array.isArray(holder)) return `[${name}]`
  return /^[A-Za-z_$][\w$]{0,63}$/.test(name) ? `.${name}` : `[${JSON.stringify(name.slice(0, 64))}]`
}

function refusal(path: string, problem: string): CacheError {
  const shown = path.length > 200 ? `…${path.slice(-200)}` : path
  return new CacheError('ERR_CACHE_VALUE', `a value must be JSON or a Uint8Array; ${shown} is ${problem}`)
}
