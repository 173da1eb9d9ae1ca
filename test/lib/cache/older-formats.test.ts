import { expect } from 'chai'
import { createCipheriv, createHmac, randomBytes } from 'node:crypto'
import { afterEach, describe, it } from 'mocha'
import type { SecureCache } from '../../../lib/interface.js'
import { testCache, type TestCache } from '../../support/test-cache.js'

const DAY_MS = 86_400_000
const key = randomBytes(32)

/** As Python's `cryptography` writes it (https://github.com/fernet/spec). */
function fernet(text: string, signedBy: Buffer = key): string {
  const head = Buffer.alloc(9)
  head[0] = 0x80
  head.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000)), 1)
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-128-cbc', signedBy.subarray(16), iv)
  const body = Buffer.concat([head, iv, cipher.update(text), cipher.final()])
  const token = Buffer.concat([body, createHmac('sha256', signedBy.subarray(0, 16)).update(body).digest()])
  return token.toString('base64url').padEnd(Math.ceil(token.length / 3) * 4, '=')
}

describe('older formats', () => {
  let opened: SecureCache | undefined

  function open(
    mode: 'strict' | 'fernet' | 'plaintext',
    env: Readonly<Record<string, string>> = {},
  ): TestCache {
    const until = new Date(Date.now() + 2 * DAY_MS).toISOString().slice(0, 10)
    const made = testCache({
      backend: 'memory',
      env: {
        REDIS_ENCRYPTION_KEY: key.toString('hex'),
        ...(mode === 'strict' ? {} : { CACHE_READ_MODE: mode, CACHE_READ_MODE_UNTIL: until }),
        ...env,
      },
    })
    opened = made.cache
    return made
  }

  async function plant({ internals }: TestCache, text: string): Promise<void> {
    await internals.store.set('ai_cache::key', Buffer.from(text), 60_000)
  }

  afterEach(async () => {
    await opened?.close()
  })

  it('are read in no mode but their own', async () => {
    const texts = { plaintext: '{"a":1}', fernet: fernet('{"a":1}') }
    for (const mode of ['strict', 'fernet', 'plaintext'] as const) {
      const made = open(mode)
      for (const [format, text] of Object.entries(texts)) {
        await plant(made, text)
        expect(await made.cache.get('key'), `${format} in ${mode}`).to.deep.equal(
          format === mode ? { a: 1 } : undefined,
        )
      }
      await made.cache.close()
    }
  })

  it('are counted, each read of them', async () => {
    const made = open('fernet')
    // Each read seals it anew.
    const reads = [
      () => made.cache.get('key'),
      () => made.cache.getMany(['key']),
      () => made.cache.getOrSet('key', () => [2]),
    ]
    for (const read of reads) {
      await plant(made, fernet('[1]'))
      await read()
    }
    await plant(made, 'no token')
    await made.cache.get('key')
    expect(made.internals.measurements.snapshot().legacyReads).to.deep.equal({ fernet: 3, plaintext: 0 })
  })

  it('are refused once their date has passed, without a restart', async () => {
    const made = open('plaintext')
    await plant(made, '{"a":1}')
    expect(await made.cache.get('key')).to.deep.equal({ a: 1 })
    made.advance(3 * DAY_MS)
    await plant(made, '{"a":1}')
    expect(await made.cache.get('key')).to.equal(undefined)
    expect(
      made.events.some((event) => event.type === 'decrypt.failure' && event.reason === 'format'),
    ).to.equal(true)
  })

  it('open under every key of the ring, and under no other', async () => {
    const other = randomBytes(32)
    const made = open('fernet', { REDIS_ENCRYPTION_ACCEPTED_KEYS: other.toString('base64url') })
    await plant(made, fernet('"accepted"', other))
    expect(await made.cache.get('key')).to.equal('accepted')
    await plant(made, fernet('"foreign"', randomBytes(32)))
    expect(await made.cache.get('key')).to.equal(undefined)
    expect(made.events.some((event) => event.type === 'decrypt.failure' && event.reason === 'tag')).to.equal(
      true,
    )
  })

  it('are misses where they hold no JSON', async () => {
    for (const [mode, text] of [
      ['plaintext', ''],
      ['plaintext', '{'],
      ['plaintext', 'text'],
      ['fernet', fernet('not JSON')],
      ['fernet', 'gAAAA'],
    ] as const) {
      const made = open(mode)
      await plant(made, text)
      expect(await made.cache.get('key')).to.equal(undefined)
      expect(await made.cache.has('key')).to.equal(false)
      await made.cache.close()
    }
  })

  it('do not weaken sealed values: an altered one is still refused', async () => {
    const made = open('plaintext')
    await made.cache.set('key', 'sealed')
    expect(await made.cache.get('key')).to.equal('sealed')
    const bytes = (await made.internals.store.get('ai_cache::key')) ?? Buffer.alloc(0)
    bytes[60] = (bytes[60] ?? 0) ^ 1
    await made.internals.store.set('ai_cache::key', bytes, 60_000)
    expect(await made.cache.get('key')).to.equal(undefined)
  })

  it('are written in none: what is set is sealed', async () => {
    const made = open('plaintext')
    await made.cache.set('key', 'value')
    expect((await made.internals.store.get('ai_cache::key'))?.[0]).to.equal(0xc1)
  })
})
