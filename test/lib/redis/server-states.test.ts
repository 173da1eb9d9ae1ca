import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { afterEach, describe, it } from 'mocha'
import type { CacheErrorCode } from '../../../lib/errors.js'
import { isCacheError } from '../../../lib/errors.js'
import type { OpenedStore, StoreOverrides } from '../../support/open-store.js'
import { openStore } from '../../support/open-store.js'
import { freePort } from '../../support/redis-process.js'
import type { RedisServerOptions, RunningRedis } from '../../support/redis-server.js'
import { startRedis } from '../../support/redis-server.js'
import { until } from '../../support/until.js'

const KEY = 'ai_cache:states:key'
const VALUE = Buffer.from('value')
const MIB = 1024 * 1024

describe('a store on a server in a bad state', () => {
  let redis: RunningRedis
  let opened: OpenedStore

  const start = async (options: RedisServerOptions = {}, overrides: StoreOverrides = {}) => {
    redis = await startRedis(options)
    opened = openStore(redis, overrides)
    return { redis, ...opened, admin: redis.admin() }
  }

  afterEach(async () => {
    await opened.store.close({ timeoutMs: 100 })
    await redis.stop()
  })

  it('still reads where memory is full: ERR_REDIS_OOM', async () => {
    const { store, admin } = await start({ config: { 'maxmemory-policy': 'noeviction' } })
    await store.set(KEY, VALUE, null)
    await admin.config('SET', 'maxmemory', '100kb')
    expect(await codeOf(store.set(KEY, Buffer.alloc(1000), null))).to.equal('ERR_REDIS_OOM')
    expect(await store.get(KEY)).to.deep.equal(VALUE)
  })

  it('still reads where Redis cannot save: ERR_REDIS_MISCONF', async () => {
    const { store, admin } = await start({ config: { save: '3600 1' } })
    await store.ready()
    await store.set(KEY, VALUE, null)
    // The folder of the server is gone: it cannot write its file there any more.
    await rm(join(redis.folder), { recursive: true })
    await admin.bgsave()
    await until('saving has failed', async () =>
      /rdb_last_bgsave_status:err/.test(await admin.info('persistence')),
    )
    expect(await codeOf(store.set(KEY, VALUE, null))).to.equal('ERR_REDIS_MISCONF')
    expect(await store.get(KEY)).to.deep.equal(VALUE)
    await store.ready({ timeoutMs: 1000 })
  })

  it('says of a frozen server that it does not answer, and of nothing that it speaks another protocol', async () => {
    const { store } = await start()
    await store.ready()
    await redis.pause()
    try {
      expect(await codeOf(store.get(KEY))).to.equal('ERR_CACHE_TIMEOUT')
      await until('the connection is given up', () => store.connection.status === 'down', 30_000)
      expect(await codeOf(store.get(KEY))).to.be.oneOf(['ERR_CACHE_TIMEOUT', 'ERR_REDIS_UNREACHABLE'])
    } finally {
      await redis.resume()
    }
    await store.ready({ timeoutMs: 30_000 })
  })

  it('still reads from a read-only replica, and connects anew once for a primary: ERR_REDIS_READONLY', async () => {
    const { store, admin } = await start({ config: { 'replica-serve-stale-data': 'yes' } })
    await store.ready()
    await store.set(KEY, VALUE, null)
    await admin.replicaof('127.0.0.1', await freePort())
    expect(await codeOf(store.set(KEY, VALUE, null))).to.equal('ERR_REDIS_READONLY')
    await until('it reads again', async () => (await store.get(KEY).catch(() => undefined)) !== undefined)
    expect(store.connection.facts()).to.include({ reconnects: 1, serverRole: 'replica' })
    // Another connection has just led there: one more would lead there again.
    for (let write = 0; write < 3; write += 1) {
      expect(await messageOf(store.set(KEY, VALUE, null))).to.include('let REDIS_HOST name the primary')
    }
    expect(await store.get(KEY)).to.deep.equal(VALUE)
    expect(store.connection.facts()).to.include({ reconnects: 1, status: 'up' })
  })

  it('names a replica without its primary: ERR_REDIS_MASTERDOWN', async () => {
    const { store, admin } = await start({ config: { 'replica-serve-stale-data': 'no' } })
    await store.ready()
    await admin.replicaof('127.0.0.1', await freePort())
    expect(await codeOf(store.get(KEY))).to.equal('ERR_REDIS_MASTERDOWN')
    expect(await codeOf(store.ready({ timeoutMs: 200 }))).to.equal('ERR_REDIS_MASTERDOWN')
  })

  it('names a server that is busy with a script: ERR_REDIS_BUSY', async () => {
    const { store, admin } = await start({ config: { 'busy-reply-threshold': '50' } }, { timeoutMs: 1000 })
    await store.ready()
    // A login is refused as well while the script runs.
    const rescuer = redis.admin()
    await rescuer.ping()
    const endless = admin.eval('while true do end', 0).catch(() => undefined)
    await until('it is busy', async () => (await codeOf(store.get(KEY))) === 'ERR_REDIS_BUSY')
    await rescuer.script('KILL')
    await endless
    await store.ready({ timeoutMs: 5000 })
  })

  it('waits for a server that loads its data: ERR_REDIS_LOADING until it is done', async () => {
    const { store, admin } = await start({
      config: {
        save: '3600 1',
        'enable-debug-command': 'yes',
        'loading-process-events-interval-bytes': '1024',
      },
    })
    await store.ready()
    await admin.debug('POPULATE', '2000', 'ai_cache:states', '100')
    await admin.config('SET', 'key-load-delay', '500')
    const reloading = admin.debug('RELOAD').catch(() => undefined)
    await until('it is loading', async () => (await codeOf(store.get(KEY))) === 'ERR_REDIS_LOADING')
    await store.ready({ timeoutMs: 20_000 })
    expect(await codeOf(store.get(KEY))).to.equal('none')
    await reloading
  })

  it('names the right that its user lacks, in error and event, and rejects ready at once', async () => {
    const { store, events, admin } = await start()
    await store.ready()
    await admin.acl('SETUSER', 'cache_service', '-pttl', '-get')
    expect(await messageOf(store.ttl(KEY))).to.include('cache_service lacks +pttl')
    const began = performance.now()
    expect(await messageOf(store.ready({ timeoutMs: 5000 }))).to.include('cache_service lacks +get')
    expect(performance.now() - began).to.be.below(1000)
    expect(events.find(({ type }) => type === 'acl.denied')).to.deep.include({
      reason: 'command',
      userName: 'cache_service',
      object: 'pttl',
      source: 'own',
    })
  })

  it('serves the other reads of a tick where the user may not read one of the keys', async () => {
    const { store, admin } = await start()
    await store.set('ai_cache:open:a', VALUE, null)
    await admin.acl('SETUSER', 'cache_service', 'resetkeys', '~ai_cache:open:*')
    const [open, shut] = await Promise.allSettled([
      store.get('ai_cache:open:a'),
      store.get('ai_cache:shut:a'),
    ])
    expect(open).to.deep.equal({ status: 'fulfilled', value: VALUE })
    expect(shut).to.have.nested.property('reason.code', 'ERR_REDIS_NOPERM')
  })

  it('tells which variable clear needs where there is no user for it', async () => {
    redis = await startRedis()
    opened = openStore(redis, { users: { maintenance: { username: 'maintenance' } } })
    expect(await messageOf(opened.store.clear('ai_cache:states:'))).to.include('REDIS_MAINTENANCE_PASSWORD')
  })

  it('bounds clear though the server stops in the middle', async () => {
    const { store } = await start()
    await store.clear('ai_cache:states:')
    await redis.pause()
    expect(await codeOf(store.clear('ai_cache:states:'))).to.equal('ERR_CACHE_TIMEOUT')
  }).timeout(20_000)

  it('refuses a value above the limit before it is sent, and no other operation suffers', async () => {
    const { store } = await start()
    await store.ready()
    const others = Array.from({ length: 50 }, (_, index) => store.set(`${KEY}:${index}`, VALUE, null))
    expect(await codeOf(store.set(KEY, Buffer.alloc(MIB + 1), null))).to.equal('ERR_CACHE_TOO_LARGE')
    expect(await codeOf(store.setMany([{ key: KEY, bytes: Buffer.alloc(MIB + 1) }], null))).to.equal(
      'ERR_CACHE_TOO_LARGE',
    )
    await Promise.all(others)
    expect(store.connection.facts().reconnects).to.equal(0)
  })

  it('says so where the server accepts less than the settings allow', async () => {
    const { store } = await start({}, { maxValueBytes: 8 * MIB, timeoutMs: 2000 })
    await store.ready()
    expect(await messageOf(store.set(KEY, Buffer.alloc(3 * MIB), null))).to.include('proto-max-bulk-len')
    await until('it works again', async () => (await codeOf(store.get(KEY))) === 'none')
  })

  it('moves many values of the greatest size at once within the limits of the server', async () => {
    const { store, admin } = await start(
      { config: { maxmemory: '1gb', 'maxmemory-clients': '25mb' } },
      { timeoutMs: 20_000 },
    )
    const keys = Array.from({ length: 100 }, (_, index) => `ai_cache:large:${index}`)
    await Promise.all(keys.map((key, index) => store.set(key, Buffer.alloc(MIB, index), null)))
    const singly = await Promise.all(keys.map((key) => store.get(key)))
    const together = await store.getMany(keys)
    for (const values of [singly, together]) {
      expect(values.map((value) => value?.length === MIB && value[MIB - 1])).to.deep.equal(
        keys.map((_, index) => index),
      )
    }
    const middle = Array.from({ length: 256 }, (_, index) => `ai_cache:middle:${index}`)
    await store.setMany(
      middle.map((key) => ({ key, bytes: Buffer.alloc(200 * 1024) })),
      null,
    )
    expect(
      (await Promise.all(middle.map((key) => store.get(key)))).every((value) => value?.length === 200 * 1024),
    ).to.equal(true)
    expect(await admin.info('stats')).to.match(/evicted_clients:0/)
    expect(store.connection.facts().reconnects).to.equal(0)
  }).timeout(60_000)
})

async function codeOf(promise: Promise<unknown>): Promise<CacheErrorCode | 'none'> {
  const error = await errorOf(promise)
  return isCacheError(error) ? error.code : 'none'
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error = await errorOf(promise)
  return error instanceof Error ? error.message : ''
}

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}
