import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { Webhook } from 'standardwebhooks'

import { inspectCache } from '../../../lib/create.js'
import { createSecureCache } from '../../../lib/index.js'
import type { Logger, SecureCache } from '../../../lib/index.js'
import type { Alert } from '../../../lib/monitor/alert.js'
import { startRedis } from '../../support/redis-server.js'
import type { RunningRedis } from '../../support/redis-server.js'
import { until } from '../../support/until.js'

const SECRET = `whsec_${randomBytes(32).toString('base64')}`

describe('the alerts of a cache', () => {
  let redis: RunningRedis
  let server: Server
  let alerts: Alert[]
  let lines: string[]
  const caches: SecureCache[] = []

  beforeEach(async () => {
    alerts = []
    lines = []
    redis = await startRedis()
    server = createServer((req, res) => {
      let body = ''
      req.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      req.on('end', () => {
        alerts.push(new Webhook(SECRET).verify(body, req.headers as Record<string, string>) as Alert)
        res.writeHead(204).end()
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
  })

  afterEach(async () => {
    await Promise.all(caches.splice(0).map((cache) => cache.close()))
    await redis.stop()
    server.closeAllConnections()
    server.close()
  })

  async function open(): Promise<SecureCache> {
    const write = (message: string, fields?: Readonly<Record<string, unknown>>) => {
      lines.push(`${message} ${JSON.stringify(fields)}`)
    }
    const logger: Logger = { info: write, warn: write, error: write }
    const cache = createSecureCache({
      logger,
      env: {
        ...redis.env,
        NODE_ENV: 'test',
        SECURITY_ALERT_WEBHOOK: `http://127.0.0.1:${(server.address() as AddressInfo).port}/planted-token`,
        SECURITY_ALERT_WEBHOOK_SECRET: SECRET,
        SECURITY_ALERT_WEBHOOK_ALLOW_PRIVATE: 'true',
      },
    })
    caches.push(cache)
    await cache.ready()
    return cache
  }

  /** Puts the sealed value of one key under another one. */
  async function move(cache: SecureCache, from: string, to: string): Promise<void> {
    const { store, settings } = inspectCache(cache)
    const name = (key: string) => `${settings.redis.keyPrefix}:${key}`
    const sealed = await store.get(name(from))
    await store.set(name(to), sealed ?? Buffer.alloc(0), null)
  }

  const told = (kind: string): Alert[] => alerts.filter((alert) => alert.kind === kind)

  it('reach log and webhook once for two instances that see the same moved value, and tell no secret', async () => {
    const [one, other] = [await open(), await open()]
    await one.set('planted-key', 'planted-value')
    await move(one, 'planted-key', 'planted-other')
    expect(await one.get('planted-other')).to.equal(undefined)
    expect(await other.get('planted-other')).to.equal(undefined)
    await until('somebody is told', () => told('tampered_values').length > 0)
    await until('the other one holds back', () =>
      [one, other].some(({ monitor }) => monitor.recentEvents({ type: 'alert.suppressed' }).length > 0),
    )
    expect(told('tampered_values')).to.have.length(1)
    const written = lines.filter((line) => line.includes('alert: Values in Redis were altered or moved'))
    expect(written).to.have.length(1)
    expect(JSON.stringify(alerts) + lines.join('\n')).not.to.include('planted')
    expect(lines.join('\n')).not.to.include(SECRET)
  })

  it('go out when the cache closes, before anybody waited for them', async () => {
    const cache = await open()
    await cache.set('a', 1)
    await move(cache, 'a', 'b')
    await cache.get('b')
    await cache.close()
    expect(told('tampered_values').map(({ severity }) => severity)).to.deep.equal(['critical'])
  })

  it('hold no close up where nothing is to be told', async () => {
    const cache = await open()
    const started = performance.now()
    await cache.close()
    expect(performance.now() - started).to.be.below(1500)
  })

  it('have the server watched, although no status is shown', async () => {
    const cache = await open()
    await inspectCache(cache).watch.firstLook
    expect(inspectCache(cache).watch.status().redis_authenticated).to.equal(true)
  })

  it('leave the health of the cache to be asked at any time', async () => {
    const cache = await open()
    expect(cache.health()).to.deep.equal({ status: 'pass' })
    await redis.stop()
    await until('it is seen', () => cache.health().status === 'warn')
    expect(cache.health().errorCode).to.match(/^ERR_REDIS_/)
  })
})
