import { expect } from 'chai'
import type { Redis } from 'ioredis'
import { after, before, beforeEach, describe, it } from 'mocha'
import { CompareAndSet, type Change } from '../../../lib/redis/compare-and-set.js'
import { createRedisClient } from '../../../lib/redis/create-client.js'
import { startRedis, type RunningRedis } from '../../support/redis-server.js'
import { until } from '../../support/until.js'

const MARK = 'new:'
const KEYS = 16
const WRITES = 100_000
const BATCH = 200

const key = (name: string | number): Buffer => Buffer.from(`ai_cache::${name}`)
const marked: Change = ({ value }) => Buffer.from(`${MARK}${value.toString()}`)

describe('compare-and-set', () => {
  let redis: RunningRedis
  let admin: Redis
  let client: Redis
  let exchanges: CompareAndSet

  before(async () => {
    redis = await startRedis()
    admin = redis.admin()
    client = createRedisClient({
      user: 'maintenance',
      env: { ...redis.env, CACHE_TIMEOUT_MS: '30000' },
      logger: false,
    })
    exchanges = new CompareAndSet(client)
  })
  after(async () => {
    client.disconnect()
    await redis.stop()
  })
  beforeEach(async () => {
    await admin.flushall()
  })

  const outcomes = async (names: readonly string[], change: Change): Promise<string[]> =>
    (await exchanges.exchange(names.map(key), change)).map(({ outcome }) => outcome)

  it('writes over what it read and keeps the time to live to the millisecond', async () => {
    await admin.set(key('a'), 'one', 'PX', 60_000)
    await admin.set(key('b'), 'two')
    const expiry = await admin.pexpiretime(key('a'))
    expect(await outcomes(['a', 'b'], marked)).to.deep.equal(['changed', 'changed'])
    expect(await admin.mget(key('a'), key('b'))).to.deep.equal(['new:one', 'new:two'])
    expect(await admin.pexpiretime(key('a'))).to.equal(expiry)
    expect(await admin.pttl(key('b'))).to.equal(-1)
  })

  it('tells the change how long a value has left', async () => {
    await admin.set(key('a'), 'one', 'PX', 60_000)
    await admin.set(key('b'), 'two')
    const left: unknown[] = []
    await exchanges.exchange([key('a'), key('b')], ({ ttlMs }) => {
      left.push(ttlMs)
      return undefined
    })
    expect(left[0]).to.be.within(1, 60_000)
    expect(left[1]).to.equal(null)
  })

  it('leaves alone what the change wants to leave, what is gone and what is no string', async () => {
    await admin.set(key('a'), 'one')
    await admin.rpush(key('list'), 'element')
    expect(await outcomes(['a', 'absent', 'list'], () => undefined)).to.deep.equal(['kept', 'gone', 'kept'])
    expect(await outcomes(['list'], marked)).to.deep.equal(['kept'])
    expect(await outcomes(['absent'], marked)).to.deep.equal(['gone'])
    expect(await admin.get(key('a'))).to.equal('one')
    expect(await admin.exists(key('absent'))).to.equal(0)
  })

  it('exchanges long values alone, beside short ones, empty ones and bytes that are no text', async () => {
    const long = Buffer.alloc(300_000, 0xc1)
    await admin.set(key('long'), long)
    await admin.set(key('empty'), '')
    await admin.set(key('short'), Buffer.from([0, 255, 193]))
    const append: Change = ({ value }) => Buffer.concat([value, Buffer.from([7])])
    expect(await outcomes(['empty', 'long', 'short'], append)).to.deep.equal([
      'changed',
      'changed',
      'changed',
    ])
    expect((await admin.getBuffer(key('long')))?.equals(Buffer.concat([long, Buffer.from([7])]))).to.equal(
      true,
    )
    expect(await admin.getBuffer(key('empty'))).to.deep.equal(Buffer.from([7]))
    expect(await admin.getBuffer(key('short'))).to.deep.equal(Buffer.from([0, 255, 193, 7]))
  })

  it('keeps to one transaction at a time, however many ask at once', async () => {
    await Promise.all(Array.from({ length: 50 }, (_, n) => admin.set(key(n), `value ${n}`)))
    const all = await Promise.all(Array.from({ length: 50 }, (_, n) => exchanges.exchange([key(n)], marked)))
    expect(all.flat().every(({ outcome }) => outcome === 'changed')).to.equal(true)
    expect(await admin.get(key(49))).to.equal('new:value 49')
  })

  it('goes on after a refusal', async () => {
    const foreign = exchanges.exchange([Buffer.from('other:key')], marked)
    expect(await foreign.then(String, (error: unknown) => String(error))).to.include('key pattern')
    await admin.set(key('a'), 'one')
    expect(await outcomes(['a'], marked)).to.deep.equal(['changed'])
  })

  it('does not take a new connection for the one that watched', async () => {
    await admin.set(key('a'), 'one')
    let calls = 0
    const settled = exchanges.exchange([key('a')], ({ value }) => {
      calls += 1
      return Buffer.from(`${MARK}${value.toString()}`)
    })
    await admin.client('KILL', 'USER', 'maintenance')
    // Refused, lost with its connection or done before the end: never half of it.
    const outcome = await settled.then(
      ([result]) => result?.outcome,
      () => 'refused',
    )
    expect(outcome).to.be.oneOf(['changed', 'refused'])
    // The reply of a transaction that was carried out may be lost with the connection.
    expect(await admin.get(key('a'))).to.be.oneOf(outcome === 'changed' ? ['new:one'] : ['one', 'new:one'])
    expect(calls).to.be.at.most(3)
    await until('the connection is back', () => client.status === 'ready', 30_000)
  })

  it(`never overwrites a newer value, under ${WRITES} interleaved writes`, async () => {
    const written = new AbortController()
    const seen: Record<string, number> = { changed: 0, overtaken: 0 }
    const exchange = async (): Promise<void> => {
      // By turns a whole transaction of keys, and keys one by one.
      for (let turn = 0; !written.signal.aborted; turn += 1) {
        const names = Array.from({ length: KEYS }, (_, n) => key(n))
        const rounds = turn % 2 === 0 ? [names] : names.map((name) => [name])
        for (const round of rounds) {
          for (const { outcome } of await exchanges.exchange(round, ({ value }) =>
            value.toString().startsWith(MARK) ? undefined : Buffer.from(`${MARK}${value.toString()}`),
          )) {
            seen[outcome] = (seen[outcome] ?? 0) + 1
          }
        }
      }
    }
    const wrong: string[] = []
    const write = async (): Promise<void> => {
      for (let done = 0; done < WRITES; done += BATCH) {
        const olds = await Promise.all(
          Array.from({ length: BATCH }, (_, index) => {
            const number = done + index
            return admin.set(key(number % KEYS), String(number), 'GET')
          }),
        )
        for (const [index, old] of olds.entries()) {
          const expected = done + index - KEYS
          const found = old?.replace(MARK, '') ?? null
          if (found !== (expected < 0 ? null : String(expected))) wrong.push(`${expected}: ${found}`)
        }
      }
      written.abort()
    }
    await Promise.all([exchange(), write()])
    expect(wrong).to.deep.equal([])
    expect(seen['changed']).to.be.greaterThan(0)
    expect(seen['overtaken']).to.be.greaterThan(0)
  })
})
