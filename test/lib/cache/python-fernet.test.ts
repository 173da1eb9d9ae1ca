import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { after, before, beforeEach, describe, it } from 'mocha'
import { inspectCache } from '../../../lib/create.js'
import { startRedis, type RunningRedis } from '../../support/redis-server.js'
import { testCache, type TestCache } from '../../support/test-cache.js'
import { until } from '../../support/until.js'
import { findPython, WHY_SKIPPED } from '../../support/python.js'

const DAY_MS = 86_400_000
const COUNT = 1000
const TTL_SECONDS = 3600

/** Values and their tokens under two keys by turns, and the last one from an hour ahead. */
const WRITE = `
import base64, json, sys, time
from cryptography.fernet import Fernet
first, second, other = (Fernet(base64.urlsafe_b64encode(bytes.fromhex(key))) for key in sys.argv[1:4])
now = int(time.time())
values = [{"n": n, "text": "\\u00fc" * (n % 50), "list": [None, n / 7, True]} for n in range(${COUNT})]
tokens = [
    (first if n % 2 == 0 else second).encrypt_at_time(json.dumps(value).encode(), now - n).decode()
    for n, value in enumerate(values)
]
ahead = first.encrypt_at_time(b'"ahead"', now + 3600).decode()
resigned = other.encrypt(b'"resigned"').decode()
print(json.dumps({"values": values, "tokens": tokens, "ahead": ahead, "resigned": resigned}))
`

interface Written {
  readonly values: readonly unknown[]
  readonly tokens: readonly string[]
  readonly ahead: string
  readonly resigned: string
}

const python = findPython() ?? ''

describe(`a cache that Python's cryptography wrote${python === '' ? WHY_SKIPPED : ''}`, function () {
  this.timeout(120_000)
  const keys = [randomBytes(32), randomBytes(32), randomBytes(32)].map((key) => key.toString('hex'))
  let redis: RunningRedis
  let made: TestCache
  let written: Written

  before(async () => {
    if (python === '') return
    redis = await startRedis()
    written = JSON.parse(execFileSync(python, ['-c', WRITE, ...keys], { encoding: 'utf8' })) as Written
    const [first = '', second = ''] = keys
    made = testCache({
      env: {
        ...redis.env,
        REDIS_ENCRYPTION_KEY: first,
        REDIS_ENCRYPTION_ACCEPTED_KEYS: second,
        CACHE_READ_MODE: 'fernet',
        CACHE_READ_MODE_UNTIL: new Date(Date.now() + 2 * DAY_MS).toISOString().slice(0, 10),
        CACHE_TIMEOUT_MS: '20000',
      },
    })
    await made.cache.ready()
  })
  after(async () => {
    if (python === '') return
    await made.cache.close()
    await redis.stop()
  })
  beforeEach(function () {
    if (python === '') this.skip()
  })

  const name = (n: number | string): string => `ai_cache::token:${n}`

  it(`opens to the same values, all ${COUNT} of them, and each is sealed anew with what it has left to live`, async () => {
    const admin = redis.admin()
    await Promise.all(written.tokens.map((token, n) => admin.set(name(n), token, 'EX', TTL_SECONDS)))
    const found = await made.cache.getMany(written.tokens.map((_token, n) => `token:${n}`))
    expect([...found.values()]).to.deep.equal(written.values)
    expect(made.internals.measurements.snapshot().legacyReads.fernet).to.equal(COUNT)
    // Few at a time: what had no turn yet is read again.
    let sealed = 0
    await until(
      'all are sealed',
      async () => {
        await made.cache.getMany(written.tokens.map((_token, n) => `token:${n}`))
        const bytes = await admin.mgetBuffer(written.tokens.map((_token, n) => name(n)))
        sealed = bytes.filter((value) => value?.[0] === 0xc1).length
        return sealed === COUNT
      },
      60_000,
    )
    const again = await made.cache.getMany(written.tokens.map((_token, n) => `token:${n}`))
    expect([...again.values()]).to.deep.equal(written.values)
    expect(await admin.ttl(name(7))).to.be.within(1, TTL_SECONDS)
    const bytes = await admin.getBuffer(name(900))
    // Issued when the token was, and good for what its time to live had left.
    const age = Date.now() / 1000 - (bytes?.readUInt32BE(19) ?? 0)
    expect(age).to.be.within(899, 1200)
    expect(bytes?.readUInt32BE(23)).to.be.within(TTL_SECONDS, TTL_SECONDS + 1200)
    expect(inspectCache(made.cache).keyRing?.acceptedIds).to.have.length(1)
  })

  it('refuses tokens that are malformed, from the future, cut short or signed by others, and leaves them alone', async () => {
    const [token = ''] = written.tokens
    const bad: Record<string, string> = {
      malformed: `${token.slice(0, 30)}!${token.slice(31)}`,
      ahead: written.ahead,
      resigned: written.resigned,
      truncated: token.slice(0, -24),
      halved: token.slice(0, token.length / 2),
      flipped: token.slice(0, 40) + (token[40] === 'A' ? 'B' : 'A') + token.slice(41),
      plain: '{"n":1}',
    }
    const admin = redis.admin()
    for (const [kind, text] of Object.entries(bad)) {
      await admin.set(name(kind), text)
      expect(await made.cache.get(`token:${kind}`), kind).to.equal(undefined)
      expect(await admin.get(name(kind)), kind).to.equal(text)
    }
  })
})
