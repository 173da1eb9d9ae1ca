import { expect } from 'chai'
import express5 from 'express'
import type { Express, NextFunction, Request, Response } from 'express'
import express4 from 'express4'
import { Redis } from 'ioredis'
import { afterEach, describe, it } from 'mocha'
import { randomBytes } from 'node:crypto'
import { Counter, Registry } from 'prom-client'
import request from 'supertest'

import type { CacheError, SecureCacheOptions } from '../../lib/index.js'
import { createSecureCache } from '../../lib/index.js'
import { inspectCache } from '../../lib/create.js'
import type { SecurityStatus } from '../../lib/monitor/status.js'
import { secureCache, securityStatus } from '../../middleware/index.js'
import type { SecureCacheHandler, SecurityStatusOptions } from '../../middleware/index.js'
import { startRedis } from '../support/redis-server.js'
import type { RedisServerOptions, RunningRedis } from '../support/redis-server.js'
import { makeCertificates } from '../support/test-certificates.js'
import { until } from '../support/until.js'

const TOKEN = 'right-token-0123456789-0123456789-0123'
const KEY = randomBytes(32).toString('hex')
const MEMORY = { CACHE_BACKEND: 'memory', CACHE_UNSAFE_MEMORY: 'true', REDIS_ENCRYPTION_KEY: KEY }
const BOOLEANS = [
  'redis_authenticated',
  'tls_enabled',
  'encryption_enabled',
  'network_isolated',
  'recent_auth_failures',
] as const

interface Stage {
  readonly redis: RunningRedis
  readonly handler: SecureCacheHandler
  readonly app: Express
  /** One poll, then the status. */
  readonly look: () => Promise<SecurityStatus>
}

describe('the security status', () => {
  const ending: (() => Promise<void>)[] = []

  afterEach(async () => {
    for (const end of ending.splice(0).toReversed()) await end()
  })

  async function boot(options?: RedisServerOptions): Promise<RunningRedis> {
    const redis = await startRedis(options)
    ending.push(() => redis.stop())
    return redis
  }

  function mount(
    env: Readonly<Record<string, string>>,
    options: Omit<SecureCacheOptions, 'env'> & { readonly status?: SecurityStatusOptions } = {},
    express = express5,
  ): Pick<Stage, 'handler' | 'app'> {
    const { status, ...others } = options
    const handler = secureCache({ env: { SECURITY_STATUS_TOKEN: TOKEN, ...env }, logger: false, ...others })
    ending.push(() => handler.close())
    const app = express()
    app.use(handler)
    app.use('/security', securityStatus(status))
    return { handler, app }
  }

  async function stage(
    server: RedisServerOptions = {},
    env: Readonly<Record<string, string>> = {},
    express = express5,
  ): Promise<Stage> {
    const redis = await boot(server)
    const { handler, app } = mount({ ...redis.env, ...env }, {}, express)
    await handler.ready().catch(() => undefined)
    return { redis, handler, app, look: () => lookAt(handler, app) }
  }

  for (const [version, express] of Object.entries({ 'Express 4': express4, 'Express 5': express5 })) {
    it(`holds all five promises true on a hardened server, on ${version}`, async () => {
      const { app, redis, handler } = await stage({}, {}, express)
      await handler.cache.set('greeting', 'hello')
      const { body, status } = await get(app, '/security/status')
      expect(status).to.equal(200)
      expect(failing(body)).to.deep.equal([])
      for (const name of BOOLEANS) expect(body[name], name).to.equal(true)
      expect(body).to.include({ backend: 'redis', secured: true })
      expect(body.auth_failures).to.include({ own: 0, server: 0, source: 'server' })
      expect(body.tls).to.include({ protocol: 'TLSv1.3', verified: true })
      expect(Date.parse(String(body.tls.certificate_expires_at))).to.be.above(Date.now())
      expect(body.encryption.primary_key_id).to.match(/^[0-9a-f]{32}$/)
      expect(body.encryption).to.deep.include({ accepted_key_ids: [], algorithm: 'XAES-256-GCM' })
      expect(body.acl).to.deep.equal({ user: 'cache_service', verified: true })
      expect(body.warnings).to.deep.equal([])
      expect(body.summary.authentication).to.include({ success_rate_percent: 100, recent_failures: 0 })
      expect(body.summary.encryption.total_operations).to.be.above(0)
      expect(body.summary.connections.active_count).to.equal(1)
      for (const check of body.checks) expect(check.observed_at, check.id).to.be.a('string')
      expectNoSecret(JSON.stringify(body), redis)
    })
  }

  it('is the same at the mount path itself', async () => {
    const { app } = await stage()
    const { body } = await get(app, '/security/')
    expect(body).to.include({ secured: true }).and.to.have.property('checks')
  })

  interface Weakness {
    readonly title: string
    readonly server?: RedisServerOptions
    readonly env?: (redis: RunningRedis) => Readonly<Record<string, string>>
    readonly fails: readonly string[]
  }
  const weaknesses: readonly Weakness[] = [
    {
      title: 'a server that asks for no password, while we use none',
      server: { access: 'none' },
      fails: ['redis_authenticated', 'configuration'],
    },
    {
      title: 'a server that asks for no password, while we send one',
      server: { access: 'none' },
      env: (redis) => ({ REDIS_UNSAFE_NO_PASSWORD: '', REDIS_PASSWORD: redis.passwords.admin }),
      fails: ['redis_authenticated'],
    },
    {
      title: 'a plaintext server',
      server: { transport: 'plain' },
      fails: ['tls_enabled', 'network_isolated', 'configuration'],
    },
    {
      title: 'values stored without encryption',
      env: () => ({ REDIS_ENCRYPTION_KEY: '', CACHE_UNSAFE_NO_ENCRYPTION: 'true' }),
      fails: ['encryption_enabled', 'configuration'],
    },
    {
      title: 'a certificate that is not checked',
      env: () => ({ REDIS_UNSAFE_NO_CERTIFICATE_CHECK: 'true', REDIS_TLS_CA: '' }),
      fails: ['tls_enabled', 'configuration'],
    },
  ]
  for (const { title, server, env, fails } of weaknesses) {
    it(`shows ${title}`, async () => {
      const redis = await boot(server)
      const { handler, app } = mount({ ...redis.env, ...env?.(redis) })
      await handler.ready()
      const body = await lookAt(handler, app)
      expect(failing(body)).to.deep.equal(fails)
      for (const name of BOOLEANS) {
        if (fails.includes(name)) expect(body[name], name).to.equal(false)
      }
      if (fails.some((name) => BOOLEANS.slice(0, 3).includes(name as never))) {
        expect(body.secured).to.equal(false)
      }
      if (fails.includes('configuration')) {
        expect(body.warnings.map(({ severity }) => severity)).to.include('critical')
      }
      for (const check of body.checks) {
        if (check.state === 'fail') expect(check.remedy, check.id).to.be.a('string')
      }
    })
  }

  it('knows what it cannot know without user monitor, and says what it takes', async () => {
    const { look } = await stage({}, { REDIS_MONITOR_PASSWORD: '' })
    const body = await look()
    expect(failing(body)).to.deep.equal([])
    expect(body.network_isolated).to.equal(false)
    expect(body.acl.verified).to.equal(false)
    expect(body.auth_failures).to.include({ server: null, source: 'own' })
    const isolated = body.checks.find(({ id }) => id === 'network_isolated')
    expect(isolated).to.include({ state: 'unknown' })
    expect(isolated?.remedy).to.include('REDIS_MONITOR_PASSWORD')
  })

  it('holds nothing about a stopped server for true, and all of it again after its return', async () => {
    const { redis, app, look } = await stage()
    await redis.kill()
    await until(
      'the loss is noticed',
      async () => (await get(app, '/security/health')).body.status === 'warn',
    )
    const body = await look()
    expect(failing(body)).to.deep.equal(['redis_available'])
    for (const name of BOOLEANS.slice(0, 4)) expect(body[name], name).to.equal(false)
    expect(body.secured).to.equal(false)

    await redis.start()
    await until('all is well again', async () => (await look()).secured)
    await until('user monitor is back as well', async () => failing(await look()).length === 0)
    expect((await get(app, '/security/health')).body).to.deep.equal({ status: 'pass' })
  })

  it('shows an attack within one poll: wrong passwords from elsewhere', async () => {
    const { redis, look } = await stage()
    expect((await look()).recent_auth_failures).to.equal(true)
    await wrongLogins(redis, ['guess', '<img src=x onerror=alert(1)>\r\n\u001B[2J'])
    const body = await look()
    expect(body.recent_auth_failures).to.equal(false)
    expect(body.auth_failures).to.include({ own: 0, server: 2, source: 'server' })
    expect(body.secured).to.equal(true)
  })

  it('sends nothing of what an attacker wrote in a form that acts', async () => {
    const { redis, app, look } = await stage()
    await look()
    await wrongLogins(redis, [`<script>alert(1)</script>\r\n\u001B[2J\0${'x'.repeat(16_000)}`])
    await look()
    for (const path of ['/security/status', '/security/events']) {
      const { text } = await get(app, path)
      expect(text).to.include('script')
      expect(text).to.not.match(/[<>\p{Cc}]/u)
      expect(text).to.not.match(/\\[rnt]|\\u00[01]/)
      expect(text.length).to.be.below(16_000)
    }
  })

  it('shows an attack within one poll: the default user switched on', async () => {
    const { redis, look } = await stage()
    await redis.admin().call('ACL', 'SETUSER', 'default', 'on', 'nopass', '+@all', '~*')
    expect(await look()).to.include({ redis_authenticated: false, secured: false })
    await redis.admin().call('ACL', 'SETUSER', 'default', 'off', 'resetpass', '-@all')
    expect(await look()).to.include({ redis_authenticated: true, secured: true })
  })

  it('shows within one poll that our user may do more than its role', async () => {
    const { redis, look } = await stage()
    await redis.admin().call('ACL', 'SETUSER', 'cache_service', '+flushall')
    const body = await look()
    expect(failing(body)).to.deep.equal(['acl_role'])
    expect(body.acl).to.deep.equal({ user: 'cache_service', verified: false })
  })

  it('shows a value that was altered in Redis', async () => {
    const { redis, handler, look } = await stage()
    await handler.cache.set('account', 'value')
    const raw = await redis.admin().getBuffer('ai_cache::account')
    if (raw === null) throw new Error('the value is not where it should be')
    raw.writeUInt8(raw.readUInt8(60) ^ 1, 60)
    await redis.admin().set('ai_cache::account', raw)
    expect(await handler.cache.get('account')).to.equal(undefined)
    expect(failing(await look())).to.deep.equal(['stored_values'])
  })

  it('shows values under a key that is not ours', async () => {
    const { redis, handler, look } = await stage()
    const other = createSecureCache({
      env: { ...redis.env, REDIS_ENCRYPTION_KEY: randomBytes(32).toString('hex') },
      logger: false,
    })
    ending.push(() => other.close())
    await other.ready()
    await other.set('shared', 'foreign')
    expect(await handler.cache.get('shared')).to.equal(undefined)
    const stored = (await look()).checks.find(({ id }) => id === 'stored_values')
    expect(stored).to.include({ state: 'warn', observed: '1 value did not open' })
    expect(stored?.remedy).to.include('ACCEPTED_KEYS')
  })

  it('shows a login of ours that is refused', async () => {
    const redis = await boot()
    const { handler, app } = mount({ ...redis.env, REDIS_CACHE_PASSWORD: 'not-the-password-0123456789' })
    await handler.ready().catch(() => undefined)
    const body = await lookAt(handler, app)
    expect(failing(body)).to.include.members(['redis_authenticated', 'redis_available'])
    expect(body).to.include({ redis_authenticated: false, tls_enabled: false, recent_auth_failures: false })
    expect(body.auth_failures.own).to.be.above(0)
    expectNoSecret(JSON.stringify(body), redis)
  })

  it('shows a certificate that has expired', async () => {
    const ago = (days: number) => new Date(Date.now() - days * 24 * 60 * 60_000)
    const expired = { notBefore: ago(90), notAfter: ago(1) }
    const redis = await boot({ certificates: await makeCertificates({ server: expired }) })
    const { handler, app } = mount(redis.env)
    await handler.ready().catch(() => undefined)
    const body = await lookAt(handler, app)
    expect(failing(body)).to.include.members(['tls_enabled', 'tls_certificate', 'redis_available'])
    expect(body.tls_enabled).to.equal(false)
  })

  it('answers /health from what is known, without asking a server that hangs', async () => {
    const { redis, app } = await stage()
    await redis.pause()
    const answers = await Promise.all(Array.from({ length: 20 }, () => get(app, '/security/health')))
    await redis.resume()
    // Whoever asked the server would have waited for its deadline, and then have called it away.
    for (const { text } of answers) expect(text).to.equal('{"status":"pass"}')
  })

  const unavailable: readonly (readonly [
    string,
    { readonly onFailure?: 'throw'; readonly required?: boolean },
    number,
    string,
  ])[] = [
    ['degrades', {}, 200, 'warn'],
    ['throws', { onFailure: 'throw' }, 503, 'fail'],
    ['is required', { required: true }, 503, 'fail'],
  ]
  for (const [what, { onFailure, required }, status, word] of unavailable) {
    it(`answers /health with ${String(status)} where Redis is away and the cache ${what}`, async () => {
      const redis = await boot()
      const env = redis.env
      await redis.kill()
      const { app } = mount(env, { onFailure, status: { required } })
      const answer = await get(app, '/security/health')
      expect(answer.status).to.equal(status)
      expect(answer.text).to.equal(`{"status":"${word}"}`)
    })
  }

  it('shows on memory that nothing is promised about a server, and that values are sealed', async () => {
    const { app } = mount(MEMORY)
    const { body } = await get(app, '/security/status')
    expect(body).to.include({
      backend: 'memory',
      secured: false,
      encryption_enabled: true,
      tls_enabled: false,
    })
    expect(body.checks.filter((check: { state: string }) => check.state === 'not_applicable')).to.have.length(
      8,
    )
  })

  it('shows several caches, and of all of them the worse', async () => {
    const redis = await boot()
    const key = { REDIS_ENCRYPTION_KEY: KEY, SECURITY_STATUS_TOKEN: TOKEN }
    const good = secureCache({ env: { ...redis.env, ...key }, logger: false })
    const memory = createSecureCache({
      env: { ...key, CACHE_BACKEND: 'memory', CACHE_UNSAFE_MEMORY: 'true', REDIS_KEY_PREFIX: 'other:' },
      logger: false,
    })
    ending.push(
      () => good.close(),
      () => memory.close(),
    )
    await good.ready()
    const app = express5()
    app.use('/security', securityStatus({ cache: [good, memory] }))
    const { body } = await get(app, '/security/status')
    expect(body).to.include({ secured: false, encryption_enabled: true, tls_enabled: false })
    expect(body.caches.map(({ key_prefix, secured }: never) => [key_prefix, secured])).to.deep.equal([
      ['ai_cache:', true],
      ['other:', false],
    ])
  })

  it('lists events, newest first, by time, type and number', async () => {
    const { app, handler } = await stage()
    const { events } = inspectCache(handler.cache)
    const before = new Date().toISOString()
    for (let seconds = 1; seconds <= 3; seconds += 1) events.emit('clock.skew', { seconds })
    const ask = async (query: string) => (await get(app, `/security/events?${query}`)).body.events
    expect(await ask('type=clock.skew')).to.have.length(3)
    expect((await ask('type=clock.skew&limit=1'))[0]).to.include({ seconds: 3, severity: 'warning' })
    expect(await ask(`since=${before}&type=clock.skew`)).to.have.length(3)
    expect(await ask('since=2999-01-01')).to.deep.equal([])
    expect((await get(app, '/security/events')).body.observed_since).to.be.a('string')
  })

  for (const [query, expected] of [
    ['since=yesterday', 'since must be one ISO 8601 time'],
    ['since=2026-13-45', 'since must be'],
    ['type=auth.unknown', 'type must be one of auth.success'],
    ['type=__proto__', 'type must be'],
    ['limit=0', 'limit must be a whole number from 1 to 1000'],
    ['limit=1e3', 'limit must be'],
    ['limit=1&limit=2', 'limit must be'],
    ['since=%00%3Cscript%3E&limit=x', 'since must be one ISO 8601 time'],
  ] as const) {
    it(`refuses /events?${query}, naming what is expected and not what came`, async () => {
      const { app } = mount(MEMORY)
      const { status, body } = await get(app, `/security/events?${query}`)
      expect(status).to.equal(400)
      expect(body.error).to.include(expected)
      expect(body.error).to.not.match(/yesterday|script|1e3|unknown/)
    })
  }

  it('serves metrics, alone or with those of the application', async () => {
    const { app, handler } = mount(MEMORY)
    await handler.cache.get('absent')
    const alone = await get(app, '/security/metrics')
    expect(alone.headers['content-type']).to.match(/^text\/plain/)
    expect(alone.text).to.include('secure_cache_operations_total{op="get",result="miss"} 1')

    const registry = new Registry()
    const own = new Counter({ name: 'app_requests_total', help: 'x', registers: [registry] })
    own.inc()
    const joined = mount(MEMORY, { status: { registry } })
    expect((await get(joined.app, '/security/health')).status).to.equal(200)
    for (const text of [await registry.metrics(), (await get(joined.app, '/security/metrics')).text]) {
      expect(text).to.include('app_requests_total 1').and.to.include('secure_cache_up 1')
    }
  })

  it('says what to do where there is no cache on the request', async () => {
    const app = express5()
    app.use('/security', securityStatus())
    app.use((error: CacheError, _req: Request, res: Response, _next: NextFunction) => {
      res.status(500).json({ code: error.code, message: error.message })
    })
    const { body } = await get(app, '/security/health')
    expect(body).to.include({ code: 'ERR_CACHE_MISUSE' })
    expect(body.message).to.include('app.use(secureCache()) before it')
  })

  it('finds the cache under another name', async () => {
    const handler = secureCache({
      env: MEMORY,
      property: 'vault',
      logger: false,
    })
    ending.push(() => handler.close())
    const app = express5()
    app.use(handler)
    app.use('/security', securityStatus({ property: 'vault' }))
    expect((await get(app, '/security/health')).body).to.deep.equal({ status: 'pass' })
  })

  const misuses: readonly (readonly [string, unknown, RegExp])[] = [
    ['a misspelt option', { authorise: () => true }, /authorise is not known: did you mean authorize\?/],
    ['an unknown option', { colour: 'red' }, /colour is not known/],
    ['an authorize that is no function', { authorize: true }, /authorize must be a function/],
    ['a cache that is none', { cache: 'redis' }, /cache must be what secureCache/],
    ['a cache of somebody else', { cache: {} }, /secureCache\(\) or createSecureCache\(\)/],
    ['a required that is neither true nor false', { required: 'yes' }, /required must be true or false/],
  ]
  for (const [what, options, expected] of misuses) {
    it(`refuses ${what} when it is mounted`, () => {
      expect(() => securityStatus(options as SecurityStatusOptions)).to.throw(expected)
    })
  }

  it('notices app.use(securityStatus) without the call', async () => {
    const app = express5()
    app.use(securityStatus as never)
    app.use((error: CacheError, _req: Request, res: Response, _next: NextFunction) => {
      res.status(500).json({ message: error.message })
    })
    expect((await get(app, '/')).body.message).to.include('app.use(securityStatus())')
  })

  it('leaves nothing running when the cache closes', async () => {
    const { redis, handler, look } = await stage()
    await look()
    await handler.close()
    await until('every client but admin is gone', async () => {
      const clients = String(await redis.admin().call('CLIENT', 'LIST'))
      return !/user=(?!admin)/.test(clients)
    })
  })
})

async function lookAt(handler: SecureCacheHandler, app: Express): Promise<SecurityStatus> {
  await inspectCache(handler.cache).watch.look()
  return (await get(app, '/security/status')).body
}

function get(app: Express, path: string) {
  return request(app).get(path).set('Authorization', `Bearer ${TOKEN}`)
}

/** Checks that fail. */
function failing({ checks }: SecurityStatus): string[] {
  return checks.filter(({ state }) => state === 'fail').map(({ id }) => id)
}

function expectNoSecret(text: string, redis: RunningRedis): void {
  const secrets = [
    ...Object.values(redis.passwords),
    redis.env['REDIS_ENCRYPTION_KEY'] ?? '',
    TOKEN,
    'PRIVATE KEY',
  ]
  for (const secret of secrets) expect(text.includes(secret)).to.equal(false)
}

/** Somebody with a certificate and without a password. */
async function wrongLogins(
  { host, port, certificates }: RunningRedis,
  names: readonly string[],
): Promise<void> {
  const attacker = new Redis({
    host,
    port,
    tls: {
      ca: certificates.authority.certPem,
      cert: certificates.client.certPem,
      key: certificates.client.keyPem,
    },
    lazyConnect: true,
    enableReadyCheck: false,
    disableClientInfo: true,
    protocol: 2,
    replyMapping: 'legacy',
  })
  attacker.on('error', () => undefined)
  await attacker.connect()
  for (const name of names) await attacker.call('AUTH', name, 'wrong').catch(() => undefined)
  attacker.disconnect()
}
