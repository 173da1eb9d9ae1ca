import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import { after, afterEach, before, describe, it } from 'mocha'
import type { SecureCache } from '../../lib/interface.js'
import { readIndependently } from '../support/independent-reader.js'
import { startRedis, type RunningRedis } from '../support/redis-server.js'
import { testCache, type TestCache } from '../support/test-cache.js'
import { until } from '../support/until.js'

/** What is not the heartbeat of a running instance. */
async function valuesIn(admin: Redis): Promise<number> {
  return (await admin.keys('*')).filter((key) => !key.includes('@instance:')).length
}

describe('what lies in Redis', () => {
  const prefix = 'ai_cache:'
  const master = randomBytes(32)
  let server: RunningRedis
  let opened: SecureCache | undefined

  function open(env: Readonly<Record<string, string>> = {}): TestCache {
    const made = testCache({ env: { ...server.env, REDIS_ENCRYPTION_KEY: master.toString('hex'), ...env } })
    opened = made.cache
    return made
  }

  before(async () => {
    server = await startRedis()
  })

  afterEach(async () => {
    await opened?.close()
    await server.admin().flushall()
  })

  after(async () => {
    await server.stop()
  })

  it('may be a list that somebody planted: a miss and an event, or ERR_CACHE_OPEN, and no obstacle to starting', async () => {
    const admin = server.admin()
    await admin.rpush(`${prefix}:planted`, 'element')
    await admin.rpush(`${prefix}@ready:`, 'element')
    const { cache, events } = open()
    await cache.ready({ timeoutMs: 10_000 })
    expect(await cache.get('planted')).to.equal(undefined)
    const told = events.filter(({ type }) => type === 'decrypt.failure')
    expect(told.map((event) => 'reason' in event && event.reason)).to.deep.equal(['format'])
    expect(await cache.getOrSet('planted', () => 'loaded')).to.equal('loaded')
    await until('it was written over', async () => (await cache.get('planted')) === 'loaded')
    await cache.close()
    await admin.del(`${prefix}:planted`)
    await admin.rpush(`${prefix}:planted`, 'element')
    const { cache: throwing } = testCache({ env: server.env, onFailure: 'throw' })
    opened = throwing
    const error: unknown = await throwing.get('planted').catch((reason: unknown) => reason)
    expect(error).to.include({ code: 'ERR_CACHE_OPEN', reason: 'format' })
  })

  it('opens for an independent reader that knows nothing but the documented format', async () => {
    const { cache } = open()
    const values: readonly (readonly [string, string, unknown])[] = [
      ['', 'user:1', { name: 'Ada', tags: ['a', null, 1.5], text: 'é 😀' }],
      ['', 'null', null],
      ['', 'schlüssel 😀', 'text'],
      ['', 'k'.repeat(1024), 0],
      ['tenant', 'user:1', []],
      ['a/b', 'x', true],
      ['a%2Fb', 'x', false],
      ['', 'bytes', Buffer.from([0, 255, 128])],
      ['', 'empty', Buffer.alloc(0)],
      ['', 'large', 'x'.repeat(100_000)],
    ]
    const spaces: Readonly<
      Record<string, () => { set(key: string, value: unknown, options: object): Promise<boolean> }>
    > = {
      '': () => cache,
      tenant: () => cache.namespace('tenant'),
      'a/b': () => cache.namespace('a').namespace('b'),
      'a%2Fb': () => cache.namespace('a/b'),
    }
    const started = Math.floor(Date.now() / 1000)
    for (const [namespace, key, value] of values) {
      expect(await spaces[namespace]?.().set(key, value, { ttl: 99.5 })).to.equal(true)
    }
    const admin = server.admin()
    for (const [namespace, key, value] of values) {
      const sealed = await admin.getBuffer(`${prefix}${namespace}:${key}`)
      const read = readIndependently(sealed ?? Buffer.alloc(0), { master, prefix, namespace, key })
      expect(read.value).to.deep.equal(value)
      expect(read.lifetime).to.equal(100)
      expect(read.issuedAt).to.be.within(started, started + 60)
    }
    expect(await valuesIn(admin)).to.equal(values.length)
  })

  it('holds no plaintext of a value and nothing of a key, in memory or in a dump on disk', async () => {
    const passphrase = `passphrase ${randomBytes(12).toString('hex')}`
    const salt = randomBytes(16).toString('base64')
    const canary = `canary-${randomBytes(12).toString('hex')}`
    const { cache } = open({
      REDIS_ENCRYPTION_ACCEPTED_KEYS: `pbkdf2-sha256:i=10000:salt=${salt}`,
      REDIS_ENCRYPTION_PASSPHRASE: passphrase,
    })
    await cache.ready()
    await cache.set('text', canary)
    await cache.set('object', { [canary]: [canary] })
    await cache.set('bytes', Buffer.from(canary))
    await cache.getOrSet('loaded', () => `${canary}!`)
    await cache.setMany([['many', { a: canary }]])
    const admin = server.admin()
    await until('all rest', async () => (await valuesIn(admin)) === 5)
    await admin.call('SAVE')
    const places: Buffer[] = [await readFile(join(server.folder, 'dump.rdb'))]
    for (const key of await admin.keys('*')) places.push((await admin.getBuffer(key)) ?? Buffer.alloc(0))
    const forms = [
      canary,
      passphrase,
      salt,
      master.toString('hex'),
      master.toString('base64'),
      master.toString('base64url'),
    ]
    const needles = [...forms.map((form) => Buffer.from(form)), master]
    for (const needle of [
      ...needles,
      ...forms.map((form) => Buffer.from(Buffer.from(form).toString('hex'))),
    ]) {
      expect(places.some((place) => place.includes(needle))).to.equal(false)
    }
    expect(places[0]?.includes('ai_cache::text')).to.equal(true)
  })

  it('is never the same twice, so that equal values do not show', async () => {
    const { cache } = open()
    const admin = server.admin()
    const seen = new Set<string>()
    for (let round = 0; round < 100; round += 1) {
      await cache.set('key', 'value')
      seen.add((await admin.getBuffer('ai_cache::key'))?.toString('hex') ?? '')
    }
    expect(seen.size).to.equal(100)
  })

  it('opens for nobody else: another key, another prefix, another tenant', async () => {
    const { cache } = open()
    await cache.set('key', 'value')
    const admin = server.admin()
    const bytes = (await admin.getBuffer('ai_cache::key')) ?? Buffer.alloc(0)
    await cache.close()
    const foreign = open({ REDIS_ENCRYPTION_KEY: randomBytes(32).toString('hex') })
    expect(await foreign.cache.get('key')).to.equal(undefined)
    expect(
      foreign.events.some((event) => event.type === 'decrypt.failure' && event.reason === 'unknown_key'),
    ).to.equal(true)
    expect(await admin.exists('ai_cache::key')).to.equal(1)
    await foreign.cache.close()
    await admin.set('ai_cache:x::key', bytes)
    const moved = open({ REDIS_KEY_PREFIX: 'ai_cache:x:' })
    expect(await moved.cache.get('key')).to.equal(undefined)
    expect(moved.events.some((event) => event.type === 'decrypt.failure' && event.reason === 'tag')).to.equal(
      true,
    )
  })

  it('has no longer life than Redis and the seal both allow', async () => {
    const { cache } = open()
    await cache.set('key', 'value', { ttl: 5 })
    expect(await server.admin().pttl('ai_cache::key')).to.be.within(4000, 5000)
    await server.admin().persist('ai_cache::key')
    expect(await cache.get('key')).to.equal('value')
    opened = undefined
    await cache.close()
    const later = open()
    later.advance(66_000)
    expect(await later.cache.get('key')).to.equal(undefined)
    expect(
      later.events.some((event) => event.type === 'decrypt.failure' && event.reason === 'expired'),
    ).to.equal(true)
  })
})
