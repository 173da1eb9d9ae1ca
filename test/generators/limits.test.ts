import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { createSecureCache } from '../../lib/create.js'
import type { SecureCache } from '../../lib/interface.js'
import { bootGenerated, type BootedFolder } from '../support/generated-folder.js'

const MIB = 1024 * 1024
/** What sealing adds to a value, and a little more. */
const OVERHEAD = 100

describe('the limits of the generated configuration', () => {
  let booted: BootedFolder
  let cache: SecureCache

  before(async () => {
    booted = await bootGenerated({ CACHE_MAX_VALUE_BYTES: '4mb', CACHE_TIMEOUT_MS: '5000' })
    cache = createSecureCache({ env: booted.env, logger: false, onFailure: 'throw' })
    await cache.ready()
  })
  after(async () => {
    await cache.close()
    await booted.stop()
  })

  it('let the application work with nothing but its own settings', async () => {
    expect(await cache.set('k', { a: 1 })).to.equal(true)
    expect(await cache.get('k')).to.deep.equal({ a: 1 })
    expect(await cache.clear()).to.equal(true)
    expect(await cache.get('k')).to.equal(undefined)
  })

  it('let values of the configured maximum pass, one and many at once', async () => {
    const value = randomBytes(4 * MIB - OVERHEAD)
    expect(await cache.set('large', value)).to.equal(true)
    expect(Buffer.compare((await cache.get<Buffer>('large')) ?? Buffer.alloc(0), value)).to.equal(0)
    const many = Array.from({ length: 24 }, (_, index) => [`m${index}`, randomBytes(MIB)] as const)
    const stored = await Promise.all(many.map(([key, bytes]) => cache.set(key, bytes)))
    expect(new Set(stored)).to.deep.equal(new Set([true]))
    const read = await cache.getMany<Buffer>(many.map(([key]) => key))
    for (const [key, bytes] of many) expect(read.get(key)?.equals(bytes), key).to.equal(true)
  }).timeout(60_000)

  it('refuse a larger value with a typed error, and nothing else on the connection suffers', async () => {
    const others = Array.from({ length: 50 }, (_, index) => cache.set(`s${index}`, index))
    const error: unknown = await cache
      .set('too-large', randomBytes(4 * MIB + 1))
      .catch((reason: unknown) => reason)
    expect(error).to.have.property('code', 'ERR_CACHE_TOO_LARGE')
    expect(new Set(await Promise.all(others))).to.deep.equal(new Set([true]))
    expect(await cache.get('s49')).to.equal(49)
  })
})
