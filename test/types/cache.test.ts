import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { Cache, Jsonified, SecureCache, SecureCacheOptions, Sealer, Ttl } from '../../lib/index.js'

/**
 * What the compiler of a strict user accepts and refuses. The functions are compiled, not run: each
 * `@ts-expect-error` fails the build where the line beneath it is accepted.
 */

interface Address {
  readonly street: string
  readonly lines?: readonly string[] | undefined
}

interface User {
  id: number
  name?: string | undefined
  address: Address | null
  seen: Date
}

interface Tree {
  value: number
  children: Tree[]
  parent?: Tree
}

type Json = string | number | boolean | null | Json[] | { [name: string]: Json }

class Model {
  id = 1
  save(): void {}
}

async function accepts(cache: Cache, user: User, tree: Tree, json: Json, unknown: unknown): Promise<void> {
  await cache.set('interface', user)
  await cache.set('recursive', tree)
  await cache.set('class', new Model())
  await cache.set('json', json)
  await cache.set('unknown', unknown)
  await cache.set('parsed', JSON.parse('{}'))
  await cache.set('literal', { a: 1, b: undefined, c: [null, 'd'] } as const)
  const [union, record, object]: [User | Address | string, Record<string, unknown>, object] = ['a', {}, user]
  await cache.set('union', union)
  await cache.set('record', record)
  await cache.set('object', object)
  await cache.set('null', null)
  await cache.set('bytes', new Uint8Array(1))
  await cache.set('buffer', Buffer.alloc(1))
  await cache.set('date', new Date())
  await cache.set('url', new URL('https://example.org'))
  await cache.setMany([
    ['a', 1],
    ['b', 'text'],
    ['c', user],
  ])
  await cache.setMany(new Map([['a', user]]))
  await cache.setMany(Object.entries({ a: 1 }))
  await cache.setMany([] as [string, unknown][])
}

async function acceptsGenericUsers<T, O extends object, N extends { id: string }>(
  cache: Cache,
  sealer: Sealer,
  values: { any: T; object: O; named: readonly N[] },
): Promise<{ any: T; object: O; named: readonly N[] }> {
  await cache.set('any', values.any)
  await cache.set('object', values.object)
  await cache.set('named', values.named)
  await cache.set('inside', { list: values.named })
  await cache.getOrSet('any', () => values.any)
  await cache.getOrSet('any', async () => values.any)
  await cache.setMany([['any', values.any]])
  await sealer.seal(values.any, { context: 'any' })
  return values
}

async function infers(cache: Cache, user: User): Promise<void> {
  const count: number = await cache.getOrSet('count', () => 1)
  const name: string = await cache.getOrSet('name', ({ key }) => key.toUpperCase())
  const slow: boolean = await cache.getOrSet('slow', async (context) => context.signal.aborted)
  const stored = await cache.getOrSet('user', () => user)
  const seen: string = stored.seen
  const id: number = stored.id
  const street: string | undefined = stored.address?.street
  const bytes: Uint8Array = await cache.getOrSet('bytes', () => new Uint8Array(1))
  const nothing: null = await cache.getOrSet('null', () => null)
  const read: User | undefined = await cache.get<User>('user')
  const many: Map<string, number> = await cache.getMany<number>(['a'])
  const found: unknown = await cache.get('unknown')
  void [count, name, slow, seen, id, street, bytes, nothing, read, many, found]
}

async function refuses(cache: Cache, user: User, sealer: Sealer): Promise<void> {
  // @ts-expect-error undefined is what absence looks like
  await cache.set('key', undefined)
  // @ts-expect-error a look-up that may find nothing
  await cache.set('key', user as User | undefined)
  // @ts-expect-error
  await cache.set('key', () => user)
  // @ts-expect-error
  await cache.set('key', Model)
  // @ts-expect-error
  await cache.set('key', 1n)
  // @ts-expect-error
  await cache.set('key', Symbol('a'))
  // @ts-expect-error
  await cache.set('key', new Map([['a', 1]]))
  // @ts-expect-error
  await cache.set('key', new Set([1]))
  // @ts-expect-error a forgotten await
  await cache.set('key', Promise.resolve(user))
  // @ts-expect-error
  await cache.set('key', new ArrayBuffer(1))
  // @ts-expect-error deep inside
  await cache.set('key', { a: { b: [new Map()] } })
  // @ts-expect-error
  await cache.set('key', [1n])
  // @ts-expect-error
  await cache.set('key', { user: Promise.resolve(user) })
  // @ts-expect-error
  await cache.getOrSet('key', () => undefined)
  // @ts-expect-error
  await cache.getOrSet('key', async () => user as User | undefined)
  // @ts-expect-error nothing is returned
  await cache.getOrSet('key', async () => {})
  // @ts-expect-error
  await cache.getOrSet('key', async () => new Map([['a', 1]]))
  // @ts-expect-error
  await cache.setMany([['a', undefined]])
  const mixed = [
    ['a', 1],
    ['b', new Map<string, string>()],
  ] as const
  // @ts-expect-error
  await cache.setMany(mixed)
  // @ts-expect-error
  await cache.setMany(new Map([['a', 1n]]))
  // @ts-expect-error
  await sealer.seal(undefined, { context: 'a' })
  // @ts-expect-error
  await sealer.seal(1, {})
}

async function refusesTimes(cache: Cache): Promise<void> {
  // @ts-expect-error
  await cache.set('key', 1, { ttl: '5 minutes' })
  // @ts-expect-error
  await cache.set('key', 1, { ttl: '1w' })
  // @ts-expect-error
  await cache.set('key', 1, { tll: 5 })
  // @ts-expect-error
  await cache.touch('key')
  const times: readonly Ttl[] = [1, 0.5, '90s', '15m', '2h', '7d', null]
  for (const ttl of times) await cache.set('key', 1, { ttl, lifetime: undefined })
}

function knowsOptions(): readonly SecureCacheOptions[] {
  return [
    {},
    { env: false, backend: 'memory', logger: false },
    { env: process.env, ttl: '1h', redis: undefined, logger: console },
    // @ts-expect-error
    { backend: 'disk' },
    // @ts-expect-error
    { encryption: { secret: 'x' } },
  ]
}

async function disposes(make: () => SecureCache): Promise<void> {
  const cache = make()
  await cache[Symbol.asyncDispose]()
}

/** Equal in both directions. */
type Same<A, B> = [A, B] extends [B, A] ? true : false

const jsonified: readonly true[] = [
  true satisfies Same<Jsonified<Date>, string>,
  true satisfies Same<Jsonified<User>['seen'], string>,
  true satisfies Same<Jsonified<readonly Date[]>, string[]>,
  true satisfies Same<Jsonified<Buffer>, Buffer>,
  true satisfies Same<keyof Jsonified<Model>, 'id'>,
]

describe('types', () => {
  it('hold for what a strict user writes', () => {
    const compiled = [accepts, acceptsGenericUsers, infers, refuses, refusesTimes, knowsOptions, disposes]
    expect(compiled.every((check) => typeof check === 'function')).to.equal(true)
    expect(jsonified).to.deep.equal([true, true, true, true, true])
    expect(knowsOptions()).to.have.length(5)
  })
})
