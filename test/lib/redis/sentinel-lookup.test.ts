import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import type { CacheError } from '../../../lib/errors.js'
import { createRedisClient } from '../../../lib/redis/create-client.js'
import { SentinelLookup } from '../../../lib/redis/sentinel-lookup.js'
import type { RedisSettings } from '../../../lib/settings/settings.js'
import { Secret } from '../../../lib/settings/secret.js'
import { openStore } from '../../support/open-store.js'
import type { SentinelSet } from '../../support/sentinel-set.js'
import { startSentinelSet } from '../../support/sentinel-set.js'
import { until } from '../../support/until.js'

describe('a primary found by Sentinels', function () {
  this.timeout(60_000)
  let set: SentinelSet
  before(async () => {
    set = await startSentinelSet()
  })
  after(() => set.stop())

  const failureOf = (overrides: Partial<RedisSettings>): Promise<CacheError> =>
    new SentinelLookup({ ...set.settings, ...overrides }).primary().then(
      () => {
        throw new Error('there should be no answer')
      },
      (error: CacheError) => error,
    )

  it('is the one that the Sentinels name, over mutual TLS and with a login', async () => {
    const lookup = new SentinelLookup(set.settings)
    expect(await lookup.primary()).to.deep.equal({ host: set.primary.host, port: set.primary.port })
    expect(lookup.latest?.port).to.equal(set.primary.port)
  })

  it('is found although the first Sentinel is away', async () => {
    const lookup = new SentinelLookup({
      ...set.settings,
      sentinels: [{ host: '127.0.0.1', port: 1 }, ...set.settings.sentinels],
    })
    expect((await lookup.primary()).port).to.equal(set.primary.port)
  })

  it('is found although one Sentinel takes the connection and says nothing', async () => {
    const [first] = set.sentinels
    await first?.process.signal('SIGSTOP')
    try {
      expect((await new SentinelLookup(set.settings).primary()).port).to.equal(set.primary.port)
    } finally {
      await first?.process.signal('SIGCONT')
    }
  })

  it('says which Sentinel refused the login, and not the password', async () => {
    const password = new Secret('not-the-password-of-anybody')
    const error = await failureOf({ password })
    expect(error.code).to.equal('ERR_REDIS_WRONGPASS')
    expect(error.message).to.match(/^Sentinel 127\.0\.0\.1:\d+: /)
    expect(error.message).not.to.include(password.reveal())
  })

  it('says that the Sentinels know no primary of the name', async () => {
    const error = await failureOf({ sentinelName: 'another' })
    expect(error.code).to.equal('ERR_REDIS_REPLY')
    expect(error.message).to.include('REDIS_SENTINEL_NAME')
  })

  it('is not looked for at a Sentinel whose certificate does not name it', async () => {
    const { tls } = set.settings
    if (tls === undefined) throw new Error('the set speaks TLS')
    const error = await failureOf({ tls: { ...tls, servername: 'somebody.else' } })
    expect(error.code).to.equal('ERR_TLS_SERVER_NAME')
  })

  it('serves a plain client by the settings of the environment', async () => {
    const { REDIS_HOST: _host, REDIS_PORT: _port, ...env } = set.primary.env
    const sentinels = set.settings.sentinels.map(({ host, port }) => `${host}:${port}`).join(',')
    const client = createRedisClient({
      env: { ...env, REDIS_SENTINELS: sentinels, REDIS_SENTINEL_NAME: 'cache-primary' },
    })
    expect(await client.set('ai_cache:plain', 'v')).to.equal('OK')
    await client.quit()
  })

  it('is another one after a failover, and the application goes on there', async () => {
    const { store, events } = openStore(set.primary, { redis: set.settings })
    await store.ready()
    expect(store.connection.address.port).to.equal(set.primary.port)
    await store.set('ai_cache:kept', Buffer.from('before'), null)
    const admin = set.replica.admin()
    await until('the write is replicated', async () => (await admin.exists('ai_cache:kept')) === 1)

    await set.primary.kill()
    await until(
      'writes work on the new primary',
      () =>
        store.set('ai_cache:after', Buffer.from('after'), null).then(
          () => true,
          () => false,
        ),
      30_000,
    )
    expect(store.connection.address.port).to.equal(set.replica.port)
    expect((await store.get('ai_cache:kept'))?.toString()).to.equal('before')
    expect(await admin.exists('ai_cache:after')).to.equal(1)
    await store.clear('ai_cache:')
    expect(await store.get('ai_cache:after')).to.equal(undefined)
    const types = events.map(({ type }) => type)
    expect(types.filter((type) => type === 'redis.unavailable')).to.have.length(1)
    expect(types.filter((type) => type === 'redis.recovered')).to.have.length(1)
    await store.close()

    // The old primary comes back as a replica of the new one: nobody writes there.
    await set.primary.start()
    const { store: late } = openStore(set.primary, { redis: set.settings })
    await late.ready()
    expect(late.connection.address.port).to.equal(set.replica.port)
    await late.close()
  })
})
