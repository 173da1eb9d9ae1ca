import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import type { CacheError } from '../../../lib/errors.js'
import { createSecureCache } from '../../../lib/create.js'
import { createRedisClient } from '../../../lib/redis/create-client.js'
import { Secret } from '../../../lib/settings/secret.js'
import { slotOf } from '../../../lib/redis/slot-map.js'
import type { RunningCluster } from '../../support/cluster.js'
import { startCluster } from '../../support/cluster.js'
import { describeKeysOnACluster } from '../../support/keys-on-a-cluster.js'
import { openStore } from '../../support/open-store.js'
import type { RunningRedis } from '../../support/redis-server.js'
import { describeStoreContract } from '../../support/store-contract.js'
import { until } from '../../support/until.js'
import { setTimeout as wait } from 'node:timers/promises'

const KEYS = Array.from({ length: 60 }, (_, index) => `ai_cache:many:${index}`)

describe('a store on a Cluster', function () {
  this.timeout(120_000)
  let cluster: RunningCluster
  let env: Record<string, string>
  let prefixes = 0
  before(async () => {
    cluster = await startCluster()
    const { REDIS_HOST: _host, REDIS_PORT: _port, ...rest } = cluster.nodes[0].env
    env = {
      ...rest,
      REDIS_CLUSTER_NODES: cluster.settings.clusterNodes.map(({ host, port }) => `${host}:${port}`).join(','),
    }
  })
  after(() => cluster.stop())

  const open = (overrides: Partial<RunningCluster['settings']> = {}) =>
    openStore(cluster.nodes[0], { redis: { ...cluster.settings, ...overrides }, timeoutMs: 1000 })
  /** The node that answers for the key, by its own word. */
  const ownerOf = async (key: string): Promise<RunningRedis> => {
    for (const node of cluster.nodes) {
      try {
        await node.admin().get(key)
        return node
      } catch {
        // It answered MOVED, or not at all.
      }
    }
    throw new Error('no node has the key')
  }

  describeStoreContract('a Cluster over mutual TLS', async () => {
    const { store } = open()
    prefixes += 1
    return {
      store,
      prefix: `ai_cache:contract${prefixes}:`,
      // The server's own clock: there is nothing to wait for but the time itself.
      pass: (ms) => wait(ms),
      cleanUp: () => store.close(),
    }
  })

  it('reads, writes and deletes many keys of different slots at once, and clears all nodes', async () => {
    const { store, events } = open()
    await store.ready()
    await store.setMany(
      KEYS.map((key) => ({ key, bytes: Buffer.from(key) })),
      60_000,
    )
    expect((await store.getMany(KEYS)).map(String)).to.deep.equal(KEYS)
    expect(await store.delete(KEYS.slice(0, 20))).to.equal(20)
    await store.set('ai_cache:other', Buffer.from('stays'), null)
    await store.clear('ai_cache:many:')
    expect((await store.getMany(KEYS)).every((value) => value === undefined)).to.equal(true)
    expect(String(await store.get('ai_cache:other'))).to.equal('stays')
    const { nodes, tls, authenticatedAs } = store.connection.facts()
    expect(nodes).to.have.length(3)
    expect(nodes?.every((node) => node.tls?.authorized === true)).to.equal(true)
    expect(tls?.protocol).to.equal('TLSv1.3')
    expect(authenticatedAs).to.equal('cache_service')
    expect(events.filter(({ type }) => type === 'acl.denied' || type === 'redis.unavailable')).to.deep.equal(
      [],
    )
    await store.close()
  })

  it('serves the sealed cache by the settings of the environment', async () => {
    const cache = createSecureCache({ env })
    await cache.ready()
    await cache.setMany(KEYS.map((key) => [key, { key }] as const))
    expect((await cache.getMany(KEYS)).size).to.equal(KEYS.length)
    expect(await cache.clear()).to.equal(true)
    await cache.close()
  })

  it('reads, hides and clears keys of an earlier application, whose names lie in slots of their own', async () => {
    const { store } = open()
    await store.ready()
    const cache = createSecureCache({
      env: {
        ...env,
        CACHE_READ_MODE: 'plaintext',
        CACHE_READ_MODE_UNTIL: new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10),
        CACHE_LEGACY_PREFIXES: 'ai_cache:',
      },
      logger: false,
      onFailure: 'throw',
      timeoutMs: 5000,
    })
    await cache.ready()
    const keys = Array.from({ length: 30 }, (_, index) => `earlier${index}`)
    await store.setMany(
      keys.map((key) => ({ key: `ai_cache:${key}`, bytes: Buffer.from(JSON.stringify(key)) })),
      60_000,
    )
    expect([...(await cache.getMany(keys)).values()]).to.deep.equal(keys)
    expect(await cache.deleteMany(keys.slice(0, 10))).to.equal(10)
    await cache.setMany(keys.slice(10, 20).map((key) => [key, 'newer'] as const))
    expect(await cache.touch('earlier25', 30)).to.equal(true)
    const found = await cache.getMany(keys)
    expect(found.size).to.equal(20)
    expect([found.get('earlier15'), found.get('earlier25')]).to.deep.equal(['newer', 'earlier25'])
    expect(await cache.ttl('earlier25')).to.be.within(1, 30)
    expect(await cache.clear()).to.equal(true)
    expect((await cache.getMany(keys)).size).to.equal(0)
    await Promise.all([cache.close(), store.close()])
  })

  it('follows a slot that moves, during and after', async () => {
    const key = 'ai_cache:moving'
    const { store } = open()
    await store.ready()
    await store.set(key, Buffer.from('here'), null)
    const source = await ownerOf(key)
    const primaries = store.connection.facts().nodes ?? []
    const elsewhere = primaries.find(({ endpoint }) => !endpoint.endsWith(`:${source.port}`))?.endpoint
    const target = cluster.nodes.find(({ port }) => elsewhere?.endsWith(`:${port}`) === true)
    if (target === undefined) throw new Error('there are three primaries')
    const slot = slotOf(key)
    const ids = {
      source: await source.admin().cluster('MYID'),
      target: await target.admin().cluster('MYID'),
    }
    await target.admin().cluster('SETSLOT', slot, 'IMPORTING', ids.source)
    await source.admin().cluster('SETSLOT', slot, 'MIGRATING', ids.target)
    await source.admin().unlink(key)
    // The source has the slot and not the key: it says ASK.
    await store.set(key, Buffer.from('there'), null)
    expect(String(await store.get(key))).to.equal('there')
    await target.admin().cluster('SETSLOT', slot, 'NODE', ids.target)
    await source.admin().cluster('SETSLOT', slot, 'NODE', ids.target)
    expect(String(await store.get(key))).to.equal('there')
    await store.close()
  })

  it('says why it cannot log in, once, without the password', async () => {
    const password = new Secret('not-the-password-of-anybody')
    const { store, events } = open({ password })
    const error = await store.ready().then(
      () => undefined,
      (failure: CacheError) => failure,
    )
    expect(error?.code).to.equal('ERR_REDIS_WRONGPASS')
    expect(error?.message).not.to.include(password.reveal())
    expect(events.filter(({ type }) => type === 'auth.failure')).to.have.length(1)
    await store.close()
  })

  it('refuses a plain client, which speaks to one server', () => {
    expect(() => createRedisClient({ env })).to.throw(/REDIS_CLUSTER_NODES/)
  })

  describeKeysOnACluster(() => ({ cluster, env }))

  // Last: nobody brings the node back.
  describe('that loses a node', () => {
    it('serves other keys at once, its own when the replica has taken over', async () => {
      const { store, events } = open()
      await store.ready()
      await store.setMany(
        KEYS.map((key) => ({ key, bytes: Buffer.from(key) })),
        60_000,
      )
      const lost = await ownerOf(KEYS[0] ?? '')
      const others: string[] = []
      for (const key of KEYS) if ((await ownerOf(key)) !== lost) others.push(key)
      expect(others).not.to.have.length(0)
      expect(others).not.to.have.length(KEYS.length)
      await until('the keys are replicated', async () => {
        const infos = await Promise.all(cluster.nodes.map((node) => node.admin().info('replication')))
        return infos.filter((info) => /master_link_status:up/.test(info)).length === 3
      })
      await cluster.impatient()
      await lost.kill()
      expect((await store.getMany(others)).map(String)).to.deep.equal(others)
      await until(
        'the keys of the lost node are written elsewhere',
        () =>
          store.set(KEYS[0] ?? '', Buffer.from('again'), null).then(
            () => true,
            () => false,
          ),
        30_000,
      )
      expect(String(await store.get(KEYS[0] ?? ''))).to.equal('again')
      expect((await store.getMany(KEYS.slice(1))).every((value) => value !== undefined)).to.equal(true)
      await until('the outage has ended', () => events.some(({ type }) => type === 'redis.recovered'))
      expect(events.filter(({ type }) => type === 'redis.unavailable')).to.have.length(1)
      await store.clear('ai_cache:')
      await store.close()
    })
  })
})
