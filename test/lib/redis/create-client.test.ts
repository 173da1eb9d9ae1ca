import { inspect } from 'node:util'
import { expect } from 'chai'
import { after, afterEach, before, describe, it } from 'mocha'
import type { Redis } from 'ioredis'
import { isCacheError } from '../../../lib/errors.js'
import type { RedisClientOptions } from '../../../lib/redis/create-client.js'
import { createRedisClient } from '../../../lib/redis/create-client.js'
import { FaultProxy } from '../../support/fault-proxy.js'
import type { RunningRedis } from '../../support/redis-server.js'
import { startRedis } from '../../support/redis-server.js'
import { until } from '../../support/until.js'

describe('createRedisClient', () => {
  let redis: RunningRedis
  let proxy: FaultProxy
  const clients: Redis[] = []
  const open = (options: RedisClientOptions = {}, env: Record<string, string> = {}) => {
    const client = createRedisClient({ env: { ...redis.env, ...env }, logger: false, ...options })
    clients.push(client)
    return client
  }
  const behindProxy = () => ({ REDIS_PORT: String(proxy.port) })

  before(async () => {
    redis = await startRedis()
    proxy = await new FaultProxy({ port: redis.port }).start()
  })
  afterEach(() => {
    proxy.heal()
    for (const client of clients.splice(0)) client.disconnect()
  })
  after(async () => {
    await proxy.stop()
    await redis.stop()
  })

  it('serves commands that are given before the connection is there', async () => {
    const client = open()
    expect(await client.set('ai_cache:client:a', 'value', 'PX', 1000)).to.equal('OK')
    expect(await client.get('ai_cache:client:a')).to.equal('value')
  })

  it('logs in as the user of a role', async () => {
    const client = open({ user: 'auditor' })
    expect(await client.acl('WHOAMI')).to.equal('auditor')
  })

  it('names what the user lacks', async () => {
    const error = await rejection(open().keys('*'))
    expect(error.message).to.include('cache_service lacks +keys')
    const scan = await rejection(open().scan(0))
    expect(scan.message).to.include('cache_service lacks +scan: this is a right of maintenance')
    const foreign = await rejection(open().get('other:key'))
    expect(foreign.message).to.include(
      'cache_service lacks the key pattern of this key: its keys are those of REDIS_KEY_PREFIX, ~ai_cache:*',
    )
  })

  it('names the variable of a role without a password, and knows the roles', () => {
    expect(() => open({ user: 'operator' }, { REDIS_OPERATOR_PASSWORD: '' })).to.throw(
      'set REDIS_OPERATOR_PASSWORD',
    )
    // @ts-expect-error there is no such role
    expect(() => open({ user: 'root' })).to.throw('there is no role of this name')
  })

  it('asks for a Redis where the settings name none', () => {
    expect(() => createRedisClient({ env: { REDIS_DEV_MODE: 'true' }, logger: false })).to.throw('REDIS_HOST')
  })

  it('bounds each command by the deadline', async () => {
    const client = open({ timeoutMs: 100 }, behindProxy())
    await client.ping()
    proxy.swallow('replies')
    const began = performance.now()
    const results = await Promise.all([rejection(client.get('ai_cache:x')), rejection(client.ping())])
    expect(performance.now() - began).to.be.within(90, 400)
    expect(results.map(({ code }) => code)).to.include('ERR_CACHE_TIMEOUT')
    proxy.heal()
    await until('it works again', async () => (await client.ping().catch(() => '')) === 'PONG')
  })

  it('never sends what has timed out before the connection came', async () => {
    proxy.freeze()
    const client = open({ timeoutMs: 100 }, behindProxy())
    const late = client.set('ai_cache:client:late', 'x')
    expect((await rejection(late)).code).to.equal('ERR_CACHE_TIMEOUT')
    proxy.heal()
    await until('it works', async () => (await client.ping().catch(() => '')) === 'PONG')
    expect(await client.get('ai_cache:client:late')).to.equal(null)
  })

  it('bounds what is pending', async () => {
    const client = open({ timeoutMs: 300 }, behindProxy())
    await client.ping()
    proxy.freeze()
    const codes = await Promise.all(
      Array.from(
        { length: 6000 },
        async (_, index) => (await rejection(client.get(`ai_cache:${index}`))).code,
      ),
    )
    expect(codes).to.include('ERR_CACHE_OVERLOADED')
  })

  it('runs pipelines and transactions, also before the connection is there', async () => {
    const client = open()
    const results = await client.pipeline().set('ai_cache:p:1', 'a').get('ai_cache:p:1').keys('*').exec()
    expect(results?.[1]).to.deep.equal([null, 'a'])
    expect(results?.[2]?.[0]).to.have.property('code', 'ERR_REDIS_NOPERM')
    await redis.admin().acl('SETUSER', 'operator', '~ai_cache:p:*', '+multi', '+exec', '+set', '+get')
    const operator = open({ user: 'operator' })
    const executed = await operator.multi().set('ai_cache:p:2', 'b').get('ai_cache:p:2').exec()
    expect(executed).to.deep.equal([
      [null, 'OK'],
      [null, 'b'],
    ])
  })

  it('lets a blocking client block beyond the deadline', async () => {
    await redis.admin().acl('SETUSER', 'operator', '~ai_cache:*', '+blpop', '+lpush')
    const blocking = open({ user: 'operator', blocking: true, timeoutMs: 50 })
    const pushing = open({ user: 'operator' })
    const popped = blocking.blpop('ai_cache:queue', 0)
    await until('it blocks', async () => /blocked_clients:1/.test(await redis.admin().info('clients')))
    await new Promise((resolve) => setTimeout(resolve, 120))
    await pushing.lpush('ai_cache:queue', 'job')
    expect(await popped).to.deep.equal(['ai_cache:queue', 'job'])
  })

  it('duplicates itself with the same login and the same care', async () => {
    const client = open({ timeoutMs: 500 }, behindProxy())
    const twin = client.duplicate({ tls: { rejectUnauthorized: false }, lazyConnect: true })
    clients.push(twin)
    expect(twin.status).to.equal('wait')
    expect(await twin.ping()).to.equal('PONG')
    expect(twin.options.tls).to.have.property('rejectUnauthorized', true)
    proxy.swallow('replies')
    expect((await rejection(twin.get('ai_cache:x'))).code).to.equal('ERR_CACHE_TIMEOUT')
  })

  it('ends with quit, and at once with disconnect, and does not come back', async () => {
    const quitting = open()
    expect(await quitting.quit()).to.equal('OK')
    const leaving = open()
    await leaving.ping()
    leaving.disconnect()
    await until('both have ended', () => quitting.status === 'end' && leaving.status === 'end')
    expect((await rejection(leaving.ping())).code).to.match(/^ERR_CACHE_/)
  })

  it('ends within a second though the server does not say goodbye', async () => {
    const client = open({}, behindProxy())
    await client.ping()
    proxy.swallow('both')
    const began = performance.now()
    await client.quit().catch(() => undefined)
    expect(performance.now() - began).to.be.below(1500)
  })

  it('shows neither password nor key in any way of printing', async () => {
    const client = open()
    await client.ping()
    const pipeline = client.pipeline().set('ai_cache:planted-key', 'planted-value')
    const printed = [client, client.options, client.condition, pipeline, client.multi()]
      .flatMap((thing) => [inspect(thing, { depth: 20, showHidden: true }), JSON.stringify(thing)])
      .join('\n')
    for (const secret of [redis.passwords.cache, 'PRIVATE KEY', 'planted']) {
      expect(printed).not.to.include(secret)
    }
  })
})

async function rejection(promise: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error: unknown = await promise.then(
    () => new Error('it did not reject'),
    (reason: unknown) => reason,
  )
  if (!isCacheError(error)) throw error
  return error
}
