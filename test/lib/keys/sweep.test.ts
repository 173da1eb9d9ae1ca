import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import type { Redis } from 'ioredis'
import { after, before, beforeEach, describe, it } from 'mocha'
import { Envelope } from '../../../lib/crypto/envelope.js'
import { KeyRing } from '../../../lib/crypto/key-ring.js'
import { sweep, takeCensus, type SweepProgress } from '../../../lib/keys/sweep.js'
import { createRedisClient } from '../../../lib/redis/create-client.js'
import { oneServer } from '../../../lib/redis/key-servers.js'
import { Secret } from '../../../lib/settings/secret.js'
import { percentile } from '../../support/percentile.js'
import { heldMiB } from '../../support/held-memory.js'
import { startRedis, type RunningRedis } from '../../support/redis-server.js'
import { seedSealed } from '../../support/seed-sealed.js'

const PREFIX = 'ai_cache:'
const MANY = 50_000
const NOW = Date.UTC(2030, 0, 1)
const now = (): number => NOW
const HOUR = 3600

const newKey = (): Secret => new Secret(randomBytes(32).toString('hex'))
const ringOf = (key: Secret, ...acceptedKeys: Secret[]): KeyRing =>
  KeyRing.create({ enabled: true, key, acceptedKeys })

describe('the sweep', () => {
  let redis: RunningRedis
  let admin: Redis
  let client: Redis
  const oldKey = newKey()
  const nextKey = newKey()
  const previous = ringOf(oldKey)
  const ring = ringOf(nextKey, oldKey)

  before(async () => {
    redis = await startRedis()
    admin = redis.admin()
    client = createRedisClient({
      user: 'maintenance',
      env: { ...redis.env, CACHE_TIMEOUT_MS: '30000' },
      logger: false,
    })
  })
  after(async () => {
    client.disconnect()
    await redis.stop()
  })
  beforeEach(async () => {
    await admin.flushall()
  })

  const put = async (
    keyRing: KeyRing,
    name: string,
    options: { readonly namespace?: string; readonly text?: string; readonly issuedAt?: number } = {},
  ): Promise<void> => {
    const { namespace = '', text = 'value', issuedAt = NOW / 1000 } = options
    const sealing = new Envelope({ keyRing, now }).namespace(PREFIX, namespace)
    const sealed = sealing.seal(name, Buffer.from(text), { codec: 'bytes', lifetimeSeconds: HOUR, issuedAt })
    await admin.set(`${PREFIX}${namespace}:${name}`, sealed, 'PX', 1_000_000)
  }
  const openAs = async (keyRing: KeyRing, name: string, namespace = '') => {
    const bytes = await admin.getBuffer(`${PREFIX}${namespace}:${name}`)
    const sealing = new Envelope({ keyRing, now }).namespace(PREFIX, namespace)
    return sealing.open(name, bytes ?? Buffer.alloc(0))
  }
  const run = (more: Partial<Parameters<typeof sweep>[0]> = {}) =>
    sweep({
      find: oneServer(client),
      keyPrefix: PREFIX,
      keyRing: ring,
      now,
      keysPerSecond: Infinity,
      ...more,
    })

  it('seals anew under the primary key; value, issue time, lifetime and time to live stay', async () => {
    const issuedAt = NOW / 1000 - 100
    await put(previous, 'a:b', { issuedAt, text: 'first' })
    await put(previous, 'ключ', { namespace: 'tenant/x%20y', text: 'second' })
    const expiry = await admin.pexpiretime(`${PREFIX}:a:b`)
    const report = await run()
    expect(report).to.include({ resealed: 2, clean: true, finished: true, overtaken: 0, unsealed: 0 })
    expect(report.byKeyId).to.deep.equal([
      { keyId: ring.primaryId, values: 2, oldestIssuedAt: issuedAt, newestIssuedAt: NOW / 1000 },
    ])
    const opened = await openAs(ringOf(nextKey), 'a:b')
    expect(opened).to.include({ issuedAt, lifetimeSeconds: HOUR, keyId: ring.primaryId })
    expect(opened.payload.toString()).to.equal('first')
    expect(await admin.pexpiretime(`${PREFIX}:a:b`)).to.equal(expiry)
    expect((await openAs(ringOf(nextKey), 'ключ', 'tenant/x%20y')).payload.toString()).to.equal('second')
  })

  it('leaves alone what is new, unsealed, of another type, under a foreign key or outside of the prefix', async () => {
    const foreign = ringOf(newKey())
    await put(ring, 'new')
    await put(foreign, 'foreign')
    await admin.set(`${PREFIX}:plain`, '{"a":1}')
    await admin.rpush(`${PREFIX}:list`, 'element')
    await admin.set('other:key', 'value')
    const names = [`${PREFIX}:new`, `${PREFIX}:foreign`, `${PREFIX}:plain`]
    const lying = await admin.mgetBuffer(names)
    const report = await run()
    expect(report).to.include({ resealed: 0, clean: true, unsealed: 1 })
    expect(new Set(report.byKeyId.map(({ keyId }) => keyId))).to.deep.equal(
      new Set([ring.primaryId, foreign.primaryId]),
    )
    expect(await admin.mgetBuffer(names)).to.deep.equal(lying)
  })

  it('neither repairs nor removes what does not open: moved, altered, too old, or of an impossible name', async () => {
    await put(previous, 'a')
    const good = (await admin.getBuffer(`${PREFIX}:a`)) ?? Buffer.alloc(0)
    const altered = Buffer.from(good)
    altered.writeUInt8(altered.readUInt8(60) ^ 1, 60)
    await admin.set(`${PREFIX}:moved`, good)
    await admin.set(`${PREFIX}:a`, altered)
    await put(previous, 'late', { issuedAt: NOW / 1000 - 2 * HOUR })
    await admin.set(Buffer.concat([Buffer.from(`${PREFIX}:`), Buffer.from([0xff])]), good)
    await admin.set(`${PREFIX}nocolon`, good)
    const report = await run()
    expect(report.unreadable).to.deep.equal({ tag: 2, expired: 1, format: 2 })
    expect(report).to.include({ resealed: 0, clean: true })
    expect(await admin.getBuffer(`${PREFIX}:moved`)).to.deep.equal(good)
  })

  it('goes on where it was stopped', async () => {
    await seedSealed(admin, { keyRing: previous, keyPrefix: PREFIX, values: 3000, now })
    const stop = new AbortController()
    const first = await run({
      signal: stop.signal,
      onProgress: ({ resealed }) => {
        if (resealed > 1000) stop.abort()
      },
    })
    expect(first.finished).to.equal(false)
    expect(first.clean).to.equal(false)
    expect(first.resealed).to.be.within(1000, 2999)
    const second = await run({ place: first.place })
    expect(second).to.include({ finished: true, clean: true })
    expect(first.resealed + second.resealed).to.equal(3000)
    expect(second.byKeyId.map(({ keyId, values }) => [keyId, values])).to.deep.equal([[ring.primaryId, 3000]])
  })

  it('looks again, and finds what was written under the old key while it went on', async () => {
    await seedSealed(admin, { keyRing: previous, keyPrefix: PREFIX, values: 2000, now })
    let late = 0
    const report = await run({
      onProgress: ({ pass }) => {
        if (pass === 1) void put(previous, `late ${late++}`)
      },
    })
    expect(report.clean).to.equal(true)
    expect(report.passes).to.be.greaterThan(1)
    expect(report.byKeyId.map(({ keyId }) => keyId)).to.deep.equal([ring.primaryId])
    expect(late).to.be.greaterThan(0)
  })

  it('keeps to its rate', async () => {
    await seedSealed(admin, { keyRing: previous, keyPrefix: PREFIX, values: 1200, now })
    let elapsedMs = 0
    await run({
      keysPerSecond: 4000,
      onProgress: (progress) => {
        if (progress.pass === 1) ({ elapsedMs } = progress)
      },
    })
    // The last page needs no rest after it.
    expect(elapsedMs).to.be.greaterThan(((1200 - 700) / 4000) * 1000)
  })

  it('counts without touching', async () => {
    await seedSealed(admin, { keyRing: previous, keyPrefix: PREFIX, values: 700, now })
    await put(ring, 'new')
    const { byKeyId, unsealed } = await takeCensus({ find: oneServer(client), keyPrefix: PREFIX })
    expect(byKeyId.map(({ keyId, values }) => [keyId, values])).to.deep.equal([
      [previous.primaryId, 700],
      [ring.primaryId, 1],
    ])
    expect(unsealed).to.equal(0)
  })

  it(`of ${MANY} small values holds memory flat and leaves the server responsive`, async () => {
    await seedSealed(admin, { keyRing: previous, keyPrefix: PREFIX, values: MANY, now })
    const held = heldMiB()
    const seen: SweepProgress[] = []
    const swept = new AbortController()
    const waited: number[] = []
    const bystander = async (): Promise<void> => {
      while (!swept.signal.aborted) {
        const started = performance.now()
        await admin.get(`${PREFIX}:bystander`)
        waited.push(performance.now() - started)
      }
    }
    const sweeping = run({ onProgress: (progress) => seen.push(progress) }).finally(() => {
      swept.abort()
    })
    const [report] = await Promise.all([sweeping, bystander()])
    expect(report).to.include({ resealed: MANY, clean: true })
    expect(heldMiB() - held).to.be.lessThan(32)
    expect(waited.length).to.be.greaterThan(100)
    // Not the slowest one: this process has pauses of its own.
    expect(percentile(waited, 0.95)).to.be.lessThan(2000)
    const first = seen.filter(({ pass }) => pass === 1).map(({ fraction }) => fraction)
    expect(first).to.deep.equal(first.toSorted((a, b) => a - b))
    expect(first.at(-1)).to.equal(1)
  }).timeout(180_000)
})
