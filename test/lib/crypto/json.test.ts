import { inspect } from 'node:util'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'
import { toJson } from '../../../lib/crypto/json.js'
import { errorOf } from './support.js'

class Point {
  readonly x: number

  constructor(x: number) {
    this.x = x
  }

  get double(): number {
    return this.x * 2
  }
}

describe('JSON that loses nothing', () => {
  const SAME: Readonly<Record<string, unknown>> = {
    null: null,
    text: 'text',
    'an empty text': '',
    numbers: [0, -0, 1.5, Number.MAX_VALUE, Number.MIN_VALUE],
    'plain objects and arrays': { a: [1, { b: [] }], c: {} },
    'an object without a prototype': Object.assign(Object.create(null) as object, { a: 1 }),
    'a Date, within and alone': [{ at: new Date(0) }, new Date(0)],
    'an object of a class': { point: new Point(3) },
    'an object with toJSON': { url: new URL('https://example.com/a') },
    'an object of a class, within one': new Point(new Point(4) as unknown as number),
    'a property that is undefined': { a: undefined, b: 1 },
    'a property that is undefined, beside a Date': { a: undefined, at: new Date(0) },
    'equal objects': [dated(), dated()],
    'a key named __proto__': JSON.parse('{"__proto__":1}') as unknown,
  }
  for (const [what, value] of Object.entries(SAME)) {
    it(`writes ${what} as JSON.stringify does`, () => {
      expect(toJson(value)).to.equal(JSON.stringify(value))
    })
  }

  it('writes an object that stands at two places at both', () => {
    const shared = { at: new Date(0) }
    expect(toJson({ one: shared, list: [shared, [shared]] })).to.equal(
      JSON.stringify({ one: shared, list: [shared, [shared]] }),
    )
  })

  it('writes what is nested 2000 deep', () => {
    let value: unknown = 1
    for (let i = 0; i < 1000; i++) value = [{ value }]
    expect(toJson(value)).to.equal(JSON.stringify(value))
  })

  it('calls toJSON once', () => {
    let calls = 0
    const value = { toJSON: () => ++calls }
    expect(toJson([value])).to.equal('[1]')
    expect(calls).to.equal(1)
  })

  const REFUSED: readonly (readonly [what: string, value: unknown, message: string])[] = [
    ['undefined', undefined, '$ is undefined'],
    ['undefined in an array', { a: [1, undefined] }, '$.a[1] is undefined'],
    ['a hole in an array', [1, , 2], '$[1] is undefined'], // oxlint-disable-line no-sparse-arrays
    ['a function', () => 1, '$ is a function'],
    ['a method of its own', { run: () => 1 }, '$.run is a function'],
    ['a symbol', { a: Symbol('s') }, '$.a is a symbol'],
    ['a BigInt', { a: { b: 1n } }, '$.a.b is a BigInt'],
    ['NaN', [Number.NaN], '$[0] is NaN or Infinity'],
    ['Infinity', Number.NEGATIVE_INFINITY, '$ is NaN or Infinity'],
    ['a Map', { users: [new Map()] }, '$.users[0] is a Map: store [...map]'],
    ['a Set', new Set([1]), '$ is a Set'],
    ['a WeakMap', new WeakMap(), '$ is a WeakMap'],
    ['a Promise', { a: Promise.resolve(1) }, '$.a is a Promise: await it'],
    ['a RegExp', { a: /x/ }, '$.a is a RegExp'],
    ['an Error', { a: new TypeError('x') }, '$.a is an Error'],
    ['a generator', (function* () {})(), '$ is a generator'],
    ['an invalid Date', { at: new Date(Number.NaN) }, '$.at is an invalid Date'],
    ['a boxed primitive', [new Number(1)], '$[0] is a boxed primitive'],
    ['a Map in an object of a class', new Point(new Map() as unknown as number), '$.x is a Map'],
    ['a Date with a toJSON of its own', Object.assign(new Date(0), { toJSON: () => 1n }), '$ is a BigInt'],
    ['bytes within', { file: Buffer.from('x') }, '$.file is binary data'],
    ['another typed array', new Float64Array(1), '$ is binary data'],
    ['an ArrayBuffer', new ArrayBuffer(1), '$ is an ArrayBuffer'],
    ['what toJSON makes of it', { a: { toJSON: () => [undefined] } }, '$.a[0] is undefined'],
    ['a toJSON that gives nothing', { a: { toJSON: () => undefined } }, '$.a is undefined'],
    ['a name that is no identifier', { 'a b': [{ '': 1n }] }, '$["a b"][0][""] is a BigInt'],
  ]
  for (const [what, value, message] of REFUSED) {
    it(`refuses ${what} and says where it is`, () => {
      const error = errorOf(() => toJson(value))
      expect(error.code).to.equal('ERR_CACHE_VALUE')
      expect(error.message).to.include(`a value must be JSON or a Uint8Array, but ${message}`)
    })
  }

  it('refuses a value that is a part of itself, and says where', () => {
    const value: Record<string, unknown> = { a: [{ b: 1 }] }
    value['a'] = [1, { back: value }]
    expect(errorOf(() => toJson(value)).message).to.include('$.a[1].back is a part of itself')
  })

  it('refuses what is nested without end', () => {
    const endless = { toJSON: (): unknown => ({ ...endless, again: { toJSON: endless.toJSON } }) }
    let deep: unknown = 1
    for (let i = 0; i < 100_000; i++) deep = [deep]
    for (const value of [endless, deep]) {
      const error = errorOf(() => toJson(value))
      expect(error.code).to.equal('ERR_CACHE_VALUE')
      expect(error.message.length).to.be.below(400)
    }
  })

  it('lets no error of a getter or toJSON through: it may hold the value', () => {
    const fail = (): never => {
      throw new Error('password 123456')
    }
    const getter = Object.defineProperty({}, 'a', { get: fail, enumerable: true })
    const proxy = new Proxy({}, { ownKeys: fail })
    for (const value of [{ b: { toJSON: fail } }, { c: getter }, [proxy]]) {
      const error = errorOf(() => toJson(value))
      expect(error.code).to.equal('ERR_CACHE_VALUE')
      expect(inspect(error)).not.to.include('123456')
    }
  })

  it('names the path and never the value', () => {
    const names = fc.string({ minLength: 1, maxLength: 10, unit: 'grapheme' })
    fc.assert(
      fc.property(fc.array(names, { minLength: 1, maxLength: 5 }), (path) => {
        const value = path.reduceRight<unknown>(
          (inner, name) => ({ [name]: inner, beside: 'swordfish' }),
          4242n,
        )
        const { message } = errorOf(() => toJson(value))
        return message.endsWith('is a BigInt') && !message.includes('swordfish') && !message.includes('4242')
      }),
    )
  })

  it('keeps control characters of a name out of its message', () => {
    const { message } = errorOf(() => toJson({ 'a\n\u001b[31m': 1n }))
    expect(message).to.include(String.raw`$["a\n\u001b[31m"]`)
  })

  it('agrees with JSON.stringify on everything that comes out of JSON.parse', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => toJson(value) === JSON.stringify(value)))
  })
})

/** A new object each time, equal to the others. */
function dated(): { readonly at: Date } {
  return { at: new Date(1) }
}
