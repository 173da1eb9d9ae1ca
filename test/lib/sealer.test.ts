import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'mocha'
import { createSealer, createSecureCache } from '../../lib/index.js'
import { inspectCache } from '../../lib/create.js'

const key = randomBytes(32).toString('hex')
const env = { REDIS_ENCRYPTION_KEY: key }

async function codeOf(work: () => unknown): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    return (error as { code: string }).code
  }
  return 'no error'
}

describe('createSealer()', () => {
  it('opens what it has sealed, values and bytes', async () => {
    const sealer = createSealer({ env })
    for (const value of [{ a: [1] }, 'text', null, 0]) {
      const sealed = await sealer.seal(value, { context: 'invoice:1' })
      expect(sealed[0]).to.equal(0xc1)
      expect(await sealer.open(sealed, { context: 'invoice:1' })).to.deep.equal(value)
    }
    const bytes = await sealer.seal(Buffer.from([1, 2]), { context: 'file' })
    expect([...(await sealer.open<Uint8Array>(bytes, { context: 'file' }))]).to.deep.equal([1, 2])
  })

  it('opens in its context alone, with its key alone, and unaltered alone', async () => {
    const sealer = createSealer({ env })
    const sealed = await sealer.seal('secret', { context: 'a' })
    const altered = Buffer.from(sealed)
    altered[60] = (altered[60] ?? 0) ^ 1
    const stranger = createSealer({ env: { REDIS_ENCRYPTION_KEY: randomBytes(32).toString('hex') } })
    const attempts = [
      () => sealer.open(sealed, { context: 'b' }),
      () => sealer.open(altered, { context: 'a' }),
      () => sealer.open(sealed.subarray(0, 40), { context: 'a' }),
      () => sealer.open(new Uint8Array(0), { context: 'a' }),
      () => stranger.open(sealed, { context: 'a' }),
    ]
    for (const attempt of attempts) expect(await codeOf(attempt)).to.equal('ERR_CACHE_OPEN')
  })

  it('opens nothing of the cache, and the cache nothing of it', async () => {
    const sealer = createSealer({ env })
    const cache = createSecureCache({ env, backend: 'memory', logger: false })
    const { store } = inspectCache(cache)
    await cache.set('key', 1)
    const cached = (await store.get('ai_cache::key')) ?? Buffer.alloc(0)
    expect(await codeOf(() => sealer.open(cached, { context: 'key' }))).to.equal('ERR_CACHE_OPEN')
    await store.set('ai_cache::key', await sealer.seal(2, { context: 'key' }), null)
    expect(await cache.get('key')).to.equal(undefined)
    await cache.close()
  })

  it('waits for a key that is derived from a passphrase', async () => {
    const salt = randomBytes(16).toString('base64')
    const derived = {
      REDIS_ENCRYPTION_KEY: `pbkdf2-sha256:i=20000:salt=${salt}`,
      REDIS_ENCRYPTION_PASSPHRASE: randomBytes(24).toString('hex'),
    }
    const sealed = await createSealer({ env: derived }).seal('value', { context: 'a' })
    expect(await createSealer({ env: derived }).open(sealed, { context: 'a' })).to.equal('value')
  })

  it('refuses what it cannot seal and contexts that are none, without telling what came', async () => {
    const sealer = createSealer({ env })
    const loose = sealer as unknown as Record<'seal' | 'open', (...given: unknown[]) => Promise<unknown>>
    expect(await codeOf(() => loose.seal(undefined, { context: 'a' }))).to.equal('ERR_CACHE_VALUE')
    for (const options of [undefined, null, {}, { context: '' }, { context: 7 }, 'a']) {
      expect(await codeOf(() => loose.seal(1, options))).to.equal('ERR_CACHE_KEY')
      expect(await codeOf(() => loose.open(new Uint8Array(80), options))).to.equal('ERR_CACHE_KEY')
    }
    expect(await codeOf(() => loose.seal(1, { context: 'a', lifetime: 0 }))).to.equal('ERR_CACHE_TTL')
    expect(await codeOf(() => loose.open('text', { context: 'a' }))).to.equal('ERR_CACHE_MISUSE')
  })

  it('never hands out what is not sealed', async () => {
    const unsafe = { CACHE_UNSAFE_NO_ENCRYPTION: 'true', REDIS_DEV_MODE: 'true' }
    expect(() => createSealer({ env: unsafe })).to.throw(/a sealer seals/)
  })

  it('needs a key and no Redis, in production as well', async () => {
    expect(await codeOf(() => createSealer({ env: {} }))).to.equal('ERR_CONFIG_INVALID')
    const sealer = createSealer({ env: { ...env, NODE_ENV: 'production' } })
    expect(await sealer.open(await sealer.seal(1, { context: 'a' }), { context: 'a' })).to.equal(1)
  })
})
