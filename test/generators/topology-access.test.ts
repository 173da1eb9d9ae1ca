import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { Redis } from 'ioredis'
import { after, before, describe, it } from 'mocha'
import { healthCheck } from '../../generators/health-check.js'
import { createSecureCache } from '../../lib/create.js'
import { freshSettings } from '../support/generated-folder.js'
import { bootTopology, type BootedTopology } from '../support/generated-topology.js'
import { until } from '../support/until.js'

/** Nothing that Redis reads as a part of its configuration, a shell as one of its words, or YAML as its own. */
const HOSTILE = `q"uo'te \\ $HOME \`id\` # %s {} é`

describe('several servers among themselves @once', function () {
  this.timeout(120_000)
  let booted: BootedTopology

  before(async () => {
    booted = await bootTopology({
      topology: 'sentinel',
      profile: 'data',
      environment: 'production',
      overrides: {
        REDIS_REPLICA_PASSWORD: HOSTILE,
        REDIS_SENTINEL_PASSWORD: '!#$%&()*+,-./:;<=>?@[]^_`{|}~',
        REDIS_HEALTH_PASSWORD: HOSTILE.toUpperCase(),
        REDIS_SENTINEL_NAME: 'shop.eu-1_x',
        REDIS_KEY_PREFIX: 'shop[eu]*:',
      },
    })
  })
  after(() => booted.stop())

  async function at(
    port: number,
    login: { user?: string; file?: string },
    ...words: string[]
  ): Promise<string> {
    const text = (path: string): Promise<string> => readFile(join(booted.out, path), 'utf8')
    const client = new Redis({
      host: '127.0.0.1',
      port,
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      enableReadyCheck: false,
      disableClientInfo: true,
      ...(login.file === undefined
        ? {}
        : { username: login.user ?? '', password: (await text(login.file)).replace(/\n$/, '') }),
      tls: {
        ca: await text('app/ca.crt'),
        cert: await text('app/client.crt'),
        key: await text('app/client.key'),
      },
    })
    // Why a connection was refused is told here alone.
    let reason: string | undefined
    client.on('error', (error: Error) => {
      reason ??= error.message
    })
    try {
      await client.connect()
      const [name = '', ...rest] = words
      return String(await client.call(name, ...rest))
    } catch (error) {
      return reason ?? (error instanceof Error ? error.message : 'unknown')
    } finally {
      client.disconnect()
    }
  }

  it('work with passwords, names and prefixes that would break out of a format', async () => {
    const cache = createSecureCache({ env: booted.env, logger: false, onFailure: 'throw' })
    await cache.ready({ timeoutMs: 60_000 })
    await until('a write reaches the replicas', () =>
      cache.set('k', 1).then(
        () => true,
        () => false,
      ),
    )
    expect(await cache.get('k')).to.equal(1)
    await cache.close()
  })

  it('let nobody ask a Sentinel without a login, and each user what its role needs', async () => {
    const port = booted.port + 20_000
    const get = ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'shop.eu-1_x'] as const
    expect(await at(port, {}, ...get)).to.match(/NOAUTH/)
    const application = { user: 'cache_service', file: 'app/cache_password' }
    expect(await at(port, application, ...get)).to.equal(`127.0.0.1,${booted.port}`)
    for (const words of [
      ['SENTINEL', 'MASTERS'],
      ['SENTINEL', 'REMOVE', 'shop.eu-1_x'],
      ['SENTINEL', 'SET', 'shop.eu-1_x', 'quorum', '1'],
      ['SENTINEL', 'FAILOVER', 'shop.eu-1_x'],
      ['INFO'],
      ['SHUTDOWN'],
    ])
      expect(await at(port, application, ...words), words.join(' ')).to.match(/NOPERM/)
    const operator = { user: 'operator', file: 'operator/operator_password' }
    expect(await at(port, operator, 'SENTINEL', 'CKQUORUM', 'shop.eu-1_x')).to.match(/^OK 3 usable Sentinels/)
    expect(await at(port, operator, 'SENTINEL', 'FAILOVER', 'shop.eu-1_x')).to.match(/NOPERM/)
    const peer = { user: 'sentinel', file: 'sentinel/sentinel_password' }
    expect(await at(port, peer, 'PING')).to.equal('PONG')
    expect(await at(port, peer, 'SENTINEL', 'REMOVE', 'shop.eu-1_x')).to.match(/NOPERM/)
  })

  it('give replicas and Sentinels no right to read or write a key', async () => {
    for (const login of [
      { user: 'replica', file: 'secrets/replica_password' },
      { user: 'sentinel', file: 'sentinel/sentinel_password' },
    ]) {
      expect(await at(booted.port, login, 'PING'), login.user).to.equal('PONG')
      for (const words of [
        ['GET', 'shop[eu]*::k'],
        ['SET', 'shop[eu]*::k', '1'],
        ['CONFIG', 'GET', '*'],
        ['ACL', 'LIST'],
        ['KEYS', '*'],
      ])
        expect(await at(booted.port, login, ...words), `${login.user} ${words.join(' ')}`).to.match(/NOPERM/)
    }
  })

  it('pass their health checks, also with a password full of quotes, and fail them once they are gone', async () => {
    const settings = await freshSettings({ REDIS_TOPOLOGY: 'sentinel' })
    const healthy = (offset: number): boolean => {
      const server = { host: '127.0.0.1', port: booted.port + offset }
      const home = offset >= 20_000 ? ('sentinel' as const) : undefined
      const command = healthCheck({ settings, target: 'local', out: booted.out, at: server, home })
      return spawnSync('/bin/sh', ['-c', command], { timeout: 30_000 }).status === 0
    }
    for (const offset of [0, 1, 2, 20_000, 20_001, 20_002])
      expect(healthy(offset), String(offset)).to.equal(true)
    await booted.node('redis-3').signal('SIGKILL')
    await booted.node('sentinel-3').signal('SIGKILL')
    expect([2, 20_002].map(healthy)).to.deep.equal([false, false])
  })
})
