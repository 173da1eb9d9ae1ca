import { randomBytes } from 'node:crypto'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Redis } from 'ioredis'
import { after, afterEach, before, beforeEach, describe, it } from 'mocha'
import { passwordHash } from '../../lib/access/roles.js'
import { createSecureCache, inspectCache } from '../../lib/create.js'
import type { SecurityEvent } from '../../lib/events.js'
import type { CacheOptions, SecureCache } from '../../lib/interface.js'
import { Secret } from '../../lib/settings/secret.js'
import { startRedis, type RunningRedis } from '../support/redis-server.js'
import { until } from '../support/until.js'

const newKey = (): string => randomBytes(32).toString('hex')

describe('secrets that change while the cache runs', () => {
  let redis: RunningRedis
  let admin: Redis
  let folder: string
  let cache: SecureCache | undefined
  const lines: string[] = []
  const note = (message: string): void => {
    lines.push(message)
  }

  before(async () => {
    redis = await startRedis()
    admin = redis.admin()
  })
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'secure-cache-reload-'))
    lines.length = 0
  })
  afterEach(async () => {
    await cache?.close()
    await rm(folder, { recursive: true, force: true })
  })
  after(async () => redis.stop())

  const file = (name: string): string => join(folder, name)
  /** As secrets are replaced: whole, by a new file in the place of the old one. */
  const put = async (name: string, text: string): Promise<void> => {
    await writeFile(file(`${name}.new`), `${text}\n`, { mode: 0o600 })
    await rename(file(`${name}.new`), file(name))
  }
  const start = async (options: Pick<CacheOptions, 'reloadOn'>, env: Record<string, string>) => {
    const all: Record<string, string> = { ...redis.env, CACHE_TIMEOUT_MS: '10000', ...env }
    for (const name of Object.keys(env)) delete all[name.replace(/_FILE$/, '')]
    cache = createSecureCache({ ...options, env: all, logger: { info: note, warn: note, error: note } })
    const events: SecurityEvent[] = []
    inspectCache(cache).events.onAny((event) => events.push(event))
    await cache.ready()
    return { cache, events, reload: inspectCache(cache).reload }
  }

  it('are taken over when their files change, where that was asked for', async () => {
    const [old, next] = [newKey(), newKey()]
    await put('key', old)
    const started = await start({ reloadOn: ['change'] }, { REDIS_ENCRYPTION_KEY_FILE: file('key') })
    await started.cache.set('a', 1)
    await put('key', next)
    await until(
      'the file is noticed',
      () => started.events.some(({ type }) => type === 'key.rotated'),
      30_000,
    )
    const rotated = started.events.find((event) => event.type === 'key.rotated')
    expect(rotated).to.include({ keyId: inspectCache(started.cache).keyRing?.primaryId })
    // The old key was not kept, so what lies under it is a miss.
    expect(await started.cache.get('a')).to.equal(undefined)
    expect(await started.cache.set('a', 2)).to.equal(true)
    expect(await started.cache.get('a')).to.equal(2)
    expect(JSON.stringify(started.events) + lines.join()).to.not.include(next)
  })

  it('are taken over at SIGHUP, where that was asked for', async () => {
    await put('key', newKey())
    const started = await start({ reloadOn: ['SIGHUP'] }, { REDIS_ENCRYPTION_KEY_FILE: file('key') })
    await put('key', newKey())
    process.kill(process.pid, 'SIGHUP')
    await until(
      'the signal is noticed',
      () => started.events.some(({ type }) => type === 'key.rotated'),
      30_000,
    )
  })

  it('stay as they are where nothing was asked for, and after the end', async () => {
    await put('key', newKey())
    const count = process.listenerCount('SIGHUP')
    const started = await start(
      { reloadOn: ['SIGHUP', 'change'] },
      { REDIS_ENCRYPTION_KEY_FILE: file('key') },
    )
    expect(process.listenerCount('SIGHUP')).to.equal(count + 1)
    await started.cache.close()
    expect(process.listenerCount('SIGHUP')).to.equal(count)
    await start({}, { REDIS_ENCRYPTION_KEY_FILE: file('key') })
    expect(process.listenerCount('SIGHUP')).to.equal(count)
  })

  it('swap a password: connections that work go on, and the next login uses the new one', async () => {
    const password = randomBytes(24).toString('base64url')
    await put('password', redis.passwords.cache)
    const started = await start({}, { REDIS_CACHE_PASSWORD_FILE: file('password') })
    await started.cache.set('b', 1)
    await admin.call('ACL', 'SETUSER', 'cache_service', 'resetpass', `#${passwordHash(new Secret(password))}`)
    try {
      await put('password', password)
      await started.reload.run()
      expect(
        started.events.some((event) => event.type === 'config.reloaded' && event.what === 'passwords'),
      ).to.equal(true)
      expect(await started.cache.get('b')).to.equal(1)
      await admin.client('KILL', 'USER', 'cache_service')
      await until('it is back', async () => (await started.cache.get('b')) === 1, 30_000)
      expect(started.events.some(({ type }) => type === 'auth.failure')).to.equal(false)
    } finally {
      const hash = passwordHash(new Secret(redis.passwords.cache))
      await admin.call('ACL', 'SETUSER', 'cache_service', 'resetpass', `#${hash}`)
    }
  })

  it('stay as they are where the new ones cannot be used, and the log says why without the text', async () => {
    await put('key', newKey())
    const started = await start({}, { REDIS_ENCRYPTION_KEY_FILE: file('key') })
    await started.cache.set('c', 1)
    await put('key', 'planted-and-no-key')
    await started.reload.run()
    expect(await started.cache.get('c')).to.equal(1)
    expect(lines.join()).to.include('REDIS_ENCRYPTION_KEY_FILE').and.to.not.include('planted')
    expect(started.events.some(({ type }) => type === 'config.reloaded')).to.equal(false)
  })

  it('are named at the start where the environment of the process holds them, for that does not change', async () => {
    const key = newKey()
    process.env['REDIS_ENCRYPTION_KEY'] = key
    try {
      cache = createSecureCache({
        backend: 'memory',
        reloadOn: ['SIGHUP'],
        logger: { info: note, warn: note, error: note },
      })
    } finally {
      delete process.env['REDIS_ENCRYPTION_KEY']
    }
    expect(lines.join())
      .to.match(/reloadOn cannot take over REDIS_ENCRYPTION_KEY: .*REDIS_ENCRYPTION_KEY_FILE/)
      .and.to.not.include(key)
  })

  it('are asked for in known words alone', () => {
    for (const reloadOn of ['SIGHUP', ['SIGTERM'], [1], {}]) {
      expect(() =>
        createSecureCache({ env: false, backend: 'memory', reloadOn: reloadOn as unknown as ['SIGHUP'] }),
      ).to.throw('options.reloadOn')
    }
  })
})
