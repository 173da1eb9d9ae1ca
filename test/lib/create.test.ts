import { expect } from 'chai'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect, promisify } from 'node:util'
import { after, before, describe, it } from 'mocha'
import { assembleCache, inspectCache } from '../../lib/create.js'
import { createSecureCache, type SecureCache } from '../../lib/index.js'
import { readSettings } from '../../lib/settings/read.js'
import { Secret } from '../../lib/settings/secret.js'
import { startRedis, type RunningRedis } from '../support/redis-server.js'
import { testCache } from '../support/test-cache.js'
import { until } from '../support/until.js'

const silent = { info() {}, warn() {}, error() {} }

describe('createSecureCache()', () => {
  it('works without any setting, on memory and under a key of this process', async () => {
    const cache = createSecureCache({ env: false, logger: false })
    await cache.ready()
    expect(await cache.set('key', 1)).to.equal(true)
    expect(await cache.get('key')).to.equal(1)
    expect(inspectCache(cache).store.kind).to.equal('memory')
    await cache.close()
  })

  it('throws every problem at once and never a value', () => {
    const password = 'hunter2-hunter2'
    const attempt = (): SecureCache =>
      createSecureCache({ env: { REDIS_HOST: 'redis', REDIS_CACHE_PASSWORD: password, CACHE_TTL: password } })
    expect(attempt).to.throw().with.property('problems').with.length.greaterThan(2)
    expect(attempt).to.throw().with.property('message').that.does.not.include(password)
  })

  it('writes unsafe choices to the log and to the events', async () => {
    const lines: string[] = []
    const write = (message: string): void => void lines.push(message)
    const cache = createSecureCache({
      env: { CACHE_UNSAFE_NO_ENCRYPTION: 'true' },
      backend: 'memory',
      logger: { info: write, warn: write, error: write },
    })
    const insecure = cache.monitor.recentEvents({ type: 'config.insecure' })
    expect(insecure.map((event) => event.type === 'config.insecure' && event.variable)).to.deep.equal([
      'CACHE_UNSAFE_NO_ENCRYPTION',
    ])
    expect(lines).not.to.deep.equal([])
    await cache.close()
  })

  it('keeps a key that is given twice once, and says so without showing it', async () => {
    const key = randomBytes(32)
    const lines: string[] = []
    const write = (message: string): void => void lines.push(message)
    const cache = createSecureCache({
      env: {
        REDIS_ENCRYPTION_KEY: key.toString('hex'),
        REDIS_ENCRYPTION_ACCEPTED_KEYS: key.toString('base64'),
      },
      backend: 'memory',
      logger: { info: write, warn: write, error: write },
    })
    expect(lines.some((line) => line.includes('REDIS_ENCRYPTION_ACCEPTED_KEYS'))).to.equal(true)
    expect(lines.join()).not.to.include(key.toString('hex')).and.not.to.include(key.toString('base64'))
    await cache.close()
  })

  it('keeps values as they are where encryption was switched off, and reads nothing sealed then', async () => {
    const { cache, internals } = testCache({ env: { CACHE_UNSAFE_NO_ENCRYPTION: 'true' }, backend: 'memory' })
    for (const value of [{ a: 1 }, 'text', null, [], Buffer.from([0, 1, 0xc1]), Buffer.alloc(0)]) {
      await cache.set('key', value)
      expect(await cache.get('key')).to.deep.equal(value)
      expect(await cache.getOrSet('key', () => 'other')).to.deep.equal(value)
    }
    await internals.store.set('ai_cache::key', Buffer.from([0xc1, 1, 2]), null)
    expect(await cache.get('key')).to.equal(undefined)
    await internals.store.set('ai_cache::key', Buffer.alloc(0), null)
    expect(await cache.get('key')).to.equal(undefined)
    await cache.close()
  })

  it('shows nothing when it is inspected, printed or serialised', async () => {
    const key = randomBytes(32).toString('hex')
    const cache = createSecureCache({ env: { REDIS_ENCRYPTION_KEY: key }, backend: 'memory', logger: false })
    const shown = [
      inspect(cache, { depth: 20, showHidden: true }),
      JSON.stringify(cache),
      inspect(cache.namespace('a'), { depth: 20, showHidden: true }),
      inspect(inspectCache(cache), { depth: 20, showHidden: true }),
      JSON.stringify(inspectCache(cache)),
    ]
    for (const text of shown) expect(text).not.to.include(key)
    await cache.close()
  })

  it('counts what goes through it', async () => {
    const { cache, internals } = testCache({ backend: 'memory' })
    await cache.set('a', 1)
    await cache.get('a')
    await cache.get('b')
    await cache.getMany(['a', 'b', 'c'])
    await cache.setMany([['x', 1]])
    await cache.getOrSet('y', () => 1)
    await cache.getOrSet('y', () => 1)
    await until(
      'the loaded value was counted',
      () => internals.measurements.snapshot().crypto.values.seal === 3,
    )
    const { operations, durations, crypto } = internals.measurements.snapshot()
    expect(operations).to.deep.include.members([
      { op: 'get', result: 'hit', count: 1 },
      { op: 'get', result: 'miss', count: 1 },
      { op: 'get_many', result: 'hit', count: 1 },
      { op: 'get_many', result: 'miss', count: 2 },
      { op: 'set_many', result: 'ok', count: 1 },
      { op: 'get_or_set', result: 'miss', count: 1 },
      { op: 'get_or_set', result: 'hit', count: 1 },
    ])
    expect(durations.find(({ op }) => op === 'get')?.count).to.equal(2)
    expect(crypto.values).to.deep.equal({ seal: 3, open: 3 })
    expect(cache.monitor.summary().encryption).to.deep.equal({ total_operations: 6, error_count: 0 })
    await cache.close()
  })

  it('refuses to look behind what it did not make', () => {
    expect(() => inspectCache({} as SecureCache))
      .to.throw()
      .with.property('code', 'ERR_CACHE_MISUSE')
  })

  it('keeps no process alive on memory, closed or not', async () => {
    const index = new URL('../../lib/index.js', import.meta.url)
    const program = `
      import { createSecureCache } from ${JSON.stringify(index.href)}
      const cache = createSecureCache({ env: false, logger: false })
      await cache.set('key', 1, { ttl: 3600 })
      await cache.getOrSet('other', () => 1)
      process.stdout.write('done')`
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', program],
      { timeout: 15_000 },
    )
    expect(stdout).to.equal('done')
  })
})

describe('keys that are derived from a passphrase', () => {
  const env = (iterations: number): Record<string, string> => ({
    REDIS_ENCRYPTION_KEY: `pbkdf2-sha256:i=${iterations}:salt=${randomBytes(16).toString('base64')}`,
    REDIS_ENCRYPTION_PASSPHRASE: randomBytes(24).toString('hex'),
  })

  it('are waited for by every operation, within its deadline', async () => {
    const { cache, internals } = testCache({ backend: 'memory', env: env(20_000), timeoutMs: 5000 })
    expect(internals.keyRing?.isReady).to.equal(false)
    expect(await cache.set('key', 1)).to.equal(true)
    expect(internals.keyRing?.isReady).to.equal(true)
    expect(await cache.get('key')).to.equal(1)
    await cache.close()
  })

  it('seal bytes as they were when they were given', async () => {
    const { cache } = testCache({ backend: 'memory', env: env(20_000), timeoutMs: 5000 })
    const bytes = Buffer.from('before')
    const writes = [cache.set('one', bytes), cache.setMany([['many', bytes]])]
    bytes.fill(0)
    expect(await Promise.all(writes)).to.deep.equal([true, true])
    expect(String(await cache.get('one'))).to.equal('before')
    expect(String(await cache.get('many'))).to.equal('before')
    await cache.close()
  })

  it('hold nobody up: reads are misses, writes false and loaders asked until they are there', async () => {
    const { cache, internals } = testCache({ backend: 'memory', env: env(3_000_000), timeoutMs: 10 })
    const started = performance.now()
    const answers = await Promise.all([
      cache.get('key'),
      cache.has('key'),
      cache.set('key', 1),
      cache.setMany([['key', 1]]),
      cache.getMany(['key']),
      cache.touch('key', 1),
      cache.getOrSet('key', () => 'loaded'),
    ])
    expect(answers).to.deep.equal([undefined, false, false, false, new Map(), false, 'loaded'])
    expect(performance.now() - started).to.be.lessThan(2000)
    expect(internals.keyRing?.isReady).to.equal(false)
    await cache.ready({ timeoutMs: 60_000 })
    expect(internals.keyRing?.isReady).to.equal(true)
    // What its caller was told had failed was not written behind his back.
    expect(await internals.store.get('ai_cache::key')).to.equal(undefined)
    await cache.close()
  }).timeout(60_000)
})

describe('the key ring', () => {
  it('is swapped while the cache runs: values under accepted keys open, those under dropped ones are misses', async () => {
    const [old, fresh] = [randomBytes(32), randomBytes(32)].map((key) => key.toString('hex'))
    const { cache, internals, events } = testCache({
      backend: 'memory',
      env: { REDIS_ENCRYPTION_KEY: old },
    })
    await cache.set('key', 'under the old key')
    await cache.namespace('a').set('key', 'under the old key')
    const ring = (acceptedKeys: Secret[]): { enabled: boolean; key: Secret; acceptedKeys: Secret[] } => ({
      enabled: true,
      key: new Secret(fresh ?? ''),
      acceptedKeys,
    })
    await internals.keyRing?.replace(ring([new Secret(old ?? '')]))
    expect(await cache.get('key')).to.equal('under the old key')
    expect(await cache.namespace('a').get('key')).to.equal('under the old key')
    await cache.set('new', 'under the new key')
    await internals.keyRing?.replace(ring([]))
    expect(await cache.get('new')).to.equal('under the new key')
    expect(await cache.get('key')).to.equal(undefined)
    expect(
      events.some((event) => event.type === 'decrypt.failure' && event.reason === 'unknown_key'),
    ).to.equal(true)
    expect(await internals.store.get('ai_cache::key')).not.to.equal(undefined)
    await cache.close()
  })
})

describe('createSecureCache() on a real server', () => {
  let server: RunningRedis

  before(async () => {
    server = await startRedis({ config: { maxmemory: '20mb', 'maxmemory-policy': 'noeviction' } })
  })

  after(async () => {
    await server.stop()
  })

  it('keeps the key of dev mode in a file, so that values outlive a restart of the application', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'secure-cache-create-'))
    const { REDIS_ENCRYPTION_KEY: _, ...env } = server.env
    const settings = readSettings({ env: { ...env, REDIS_DEV_MODE: 'true', REDIS_TLS_ENABLED: 'true' } })
    const first = assembleCache({ settings, logger: silent, folder })
    await first.ready()
    await first.set('key', 'kept')
    await first.close()
    const path = join(folder, '.secure-cache', 'dev-key')
    expect((await stat(path)).mode & 0o777).to.equal(0o600)
    const second = assembleCache({ settings, logger: silent, folder })
    await second.ready()
    expect(await second.get('key')).to.equal('kept')
    const key = (await readFile(path, 'utf8')).trim()
    expect(inspect(inspectCache(second), { depth: 10, showHidden: true })).not.to.include(key)
    await second.close()
    await rm(folder, { recursive: true })
  })

  it('rejects ready() at once for a wrong password, and degrades meanwhile', async () => {
    const { cache, events } = testCache({
      env: { ...server.env, REDIS_CACHE_PASSWORD: randomBytes(24).toString('hex') },
    })
    const started = performance.now()
    const error: unknown = await cache.ready({ timeoutMs: 20_000 }).catch((reason: unknown) => reason)
    expect(error).to.have.property('code', 'ERR_REDIS_WRONGPASS')
    expect(performance.now() - started).to.be.lessThan(10_000)
    expect(await cache.get('key')).to.equal(undefined)
    expect(await cache.set('key', 1)).to.equal(false)
    expect(await cache.getOrSet('key', () => 2)).to.equal(2)
    expect(events.some(({ type }) => type === 'auth.failure')).to.equal(true)
    await cache.close()
  })

  it('says which variable clear() needs, also where it degrades', async () => {
    const { REDIS_MAINTENANCE_PASSWORD: _, ...env } = server.env
    const { cache } = testCache({ env })
    await cache.ready()
    const error: unknown = await cache.clear().catch((reason: unknown) => reason)
    expect(error).to.have.property('code', 'ERR_CACHE_MISUSE')
    expect(String(error)).to.include('REDIS_MAINTENANCE_PASSWORD')
    await cache.close()
  })

  it('tells a full server in one event, goes on reading, and tells that it works again', async () => {
    const admin = server.admin()
    const { cache, events, advance } = testCache({ env: server.env })
    await cache.ready()
    await cache.set('small', 1)
    await admin.config('SET', 'maxmemory', '1mb')
    for (let index = 0; index < 20; index += 1) expect(await cache.set(`key:${index}`, index)).to.equal(false)
    expect(await cache.get('small')).to.equal(1)
    const outages = (): string[] =>
      events.flatMap((event) => (event.type.startsWith('redis.') ? [event.type] : []))
    expect(outages()).to.deep.equal(['redis.unavailable'])
    await admin.config('SET', 'maxmemory', '20mb')
    advance(2000)
    expect(await cache.set('key', 1)).to.equal(true)
    expect(outages()).to.deep.equal(['redis.unavailable', 'redis.recovered'])
    await cache.close()
  })

  it('answers in time while the server is gone, and works again after its return', async () => {
    const { cache, events } = testCache({ env: server.env })
    await cache.ready()
    await cache.set('key', 'before')
    await server.kill()
    const started = performance.now()
    for (let index = 0; index < 50; index += 1) {
      expect(await cache.getOrSet(`key:${index}`, () => index)).to.equal(index)
      expect(await cache.set('key', index)).to.equal(false)
    }
    expect(performance.now() - started).to.be.lessThan(5000)
    await server.start()
    await until('it works again', async () => cache.set('key', 'after'))
    expect(await cache.get('key')).to.equal('after')
    const types = events.map(({ type }) => type)
    expect(types.filter((type) => type === 'redis.unavailable')).to.have.length(1)
    expect(types.filter((type) => type === 'redis.recovered')).to.have.length(1)
    await cache.close()
  })

  it('lets nobody cut it off by tampering: in step, the connection stays, and each value is told', async () => {
    const { cache, internals, events } = testCache({ env: server.env })
    await cache.ready()
    const keys = Array.from({ length: 20 }, (_, index) => `tampered:${index}`)
    await cache.setMany(keys.map((key) => [key, key]))
    const foreign = (await internals.store.get('ai_cache::tampered:0')) ?? Buffer.alloc(0)
    await internals.store.setMany(
      keys.map((key) => ({ key: `ai_cache::${key}`, bytes: foreign })),
      60_000,
    )
    expect([...(await cache.getMany(keys)).keys()]).to.deep.equal(['tampered:0'])
    expect(await cache.set('key', 'works')).to.equal(true)
    expect(await cache.get('key')).to.equal('works')
    expect(internals.connection?.facts().reconnects).to.equal(0)
    await cache.close()
    const failures = events.flatMap((event) =>
      event.type === 'decrypt.failure' ? Array.from({ length: event.count ?? 1 }, () => event.reason) : [],
    )
    expect(failures).to.deep.equal(Array.from({ length: 19 }, () => 'tag'))
  })

  it('throws typed errors instead where the owner wants to know', async () => {
    const { cache } = testCache({ env: server.env, onFailure: 'throw' })
    await cache.ready()
    await cache.close()
    for (const operation of [
      () => cache.get('key'),
      () => cache.set('key', 1),
      () => cache.getOrSet('key', () => 1),
      () => cache.getMany(['key']),
      () => cache.delete('key'),
    ]) {
      const error: unknown = await operation().catch((reason: unknown) => reason)
      expect(error).to.have.property('code', 'ERR_CACHE_CLOSED')
    }
  })
})
