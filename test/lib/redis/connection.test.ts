import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { inspect } from 'node:util'
import { expect } from 'chai'
import { after, afterEach, before, describe, it } from 'mocha'
import { createAuthority } from '../../../generators/certificates.js'
import type { CacheErrorCode } from '../../../lib/errors.js'
import { isCacheError } from '../../../lib/errors.js'
import type { SecurityEvent } from '../../../lib/events.js'
import { SecurityEvents } from '../../../lib/events.js'
import type { RedisConnection } from '../../../lib/redis/connection.js'
import { openConnection } from '../../../lib/redis/connection.js'
import type { RedisSettings } from '../../../lib/settings/settings.js'
import { Secret } from '../../../lib/settings/secret.js'
import { freePort } from '../../support/redis-process.js'
import type { RedisServerOptions, RunningRedis } from '../../support/redis-server.js'
import { startRedis } from '../../support/redis-server.js'
import { makeCertificates } from '../../support/test-certificates.js'
import { until } from '../../support/until.js'

const DAY_MS = 24 * 60 * 60 * 1000

interface Refusal {
  readonly name: string
  readonly code: CacheErrorCode
  /** What the message must name. */
  readonly remedy: string
  readonly server?: () => RedisServerOptions | Promise<RedisServerOptions>
  readonly settings?: (settings: RedisSettings) => RedisSettings | Promise<RedisSettings>
  /** False where waiting may cure it, so that `ready` goes on trying. */
  readonly final?: boolean
}

const withTls = (settings: RedisSettings, change: Partial<NonNullable<RedisSettings['tls']>>) =>
  settings.tls === undefined ? settings : { ...settings, tls: { ...settings.tls, ...change } }

const REFUSALS: readonly Refusal[] = [
  {
    name: 'a wrong password',
    code: 'ERR_REDIS_WRONGPASS',
    remedy: 'cache_service',
    settings: (settings) => ({ ...settings, password: new Secret('not the password of anybody') }),
  },
  {
    name: 'no password at all',
    code: 'ERR_REDIS_NOAUTH',
    remedy: 'REDIS_CACHE_PASSWORD',
    settings: (settings) => ({ ...settings, username: undefined, password: undefined }),
  },
  {
    name: 'an expired certificate',
    code: 'ERR_TLS_CERT_EXPIRED',
    remedy: 'renew',
    server: async () => ({
      certificates: await makeCertificates({
        server: { notBefore: new Date(Date.now() - 3 * DAY_MS), notAfter: new Date(Date.now() - DAY_MS) },
      }),
    }),
  },
  {
    name: 'a certificate of tomorrow',
    code: 'ERR_TLS_CERT_NOT_YET_VALID',
    remedy: 'clocks',
    server: async () => ({
      certificates: await makeCertificates({ server: { notBefore: new Date(Date.now() + DAY_MS), days: 2 } }),
    }),
  },
  {
    name: 'a certificate for another name',
    code: 'ERR_TLS_SERVER_NAME',
    remedy: 'REDIS_TLS_SERVERNAME',
    server: async () => ({
      certificates: await makeCertificates({ server: { commonName: 'other', names: ['other.internal'] } }),
    }),
  },
  {
    name: 'a certificate that does not name the address asked for',
    code: 'ERR_TLS_SERVER_NAME',
    remedy: 'REDIS_TLS_SERVERNAME',
    settings: (settings) => withTls(settings, { servername: '10.1.2.3' }),
  },
  {
    name: 'a certificate of another authority',
    code: 'ERR_TLS_UNKNOWN_CA',
    remedy: 'REDIS_TLS_CA',
    settings: async (settings) =>
      withTls(settings, { ca: (await createAuthority({ commonName: 'Somebody else' })).certPem }),
  },
  {
    name: 'no authority given',
    code: 'ERR_TLS_UNKNOWN_CA',
    remedy: 'REDIS_TLS_CA',
    settings: (settings) => withTls(settings, { ca: undefined }),
  },
  {
    name: 'no client certificate',
    code: 'ERR_TLS_CLIENT_CERT',
    remedy: 'REDIS_TLS_CERT',
    settings: (settings) => withTls(settings, { cert: undefined, key: undefined }),
  },
  {
    name: 'a client certificate of another authority',
    code: 'ERR_TLS_CLIENT_CERT',
    remedy: 'REDIS_TLS_CERT',
    settings: async (settings) => {
      const { client } = await makeCertificates()
      return withTls(settings, { cert: client.certPem, key: new Secret(client.keyPem) })
    },
  },
  {
    name: 'a server of TLS 1.2 alone',
    code: 'ERR_TLS_VERSION',
    remedy: 'REDIS_TLS_PROFILE',
    server: () => ({ config: { 'tls-protocols': '"TLSv1.2"' } }),
  },
  {
    name: 'a port that speaks plaintext',
    code: 'ERR_TLS_PLAINTEXT_PORT',
    remedy: 'REDIS_PORT',
    server: () => ({ transport: 'plain' }),
    settings: async (settings) => {
      const { authority } = await makeCertificates()
      return {
        ...settings,
        connectTimeoutMs: 200,
        tls: { ca: authority.certPem, profile: 'modern', verify: true },
      }
    },
  },
  {
    name: 'plaintext to a port that speaks TLS',
    code: 'ERR_REDIS_RESET',
    remedy: 'REDIS_TLS_ENABLED=true',
    settings: (settings) => ({ ...settings, tls: undefined }),
    final: false,
  },
  {
    name: 'a host without an address',
    code: 'ERR_REDIS_HOST_NOT_FOUND',
    remedy: 'REDIS_HOST',
    settings: (settings) => ({ ...settings, host: 'no-such-host.invalid' }),
    final: false,
  },
  {
    name: 'a port where nobody listens',
    code: 'ERR_REDIS_REFUSED',
    remedy: 'REDIS_PORT',
    settings: async (settings) => ({ ...settings, port: await freePort() }),
    final: false,
  },
  {
    name: 'no room for another client',
    code: 'ERR_REDIS_MAX_CLIENTS',
    remedy: 'maxclients',
    server: () => ({ transport: 'plain', config: { maxclients: '1' } }),
    final: false,
  },
]

describe('openConnection', () => {
  let shared: RunningRedis
  const opened: RedisConnection[] = []
  const open = (settings: RedisSettings, timeoutMs = 250) => {
    const bus = new SecurityEvents()
    const events: SecurityEvent[] = []
    bus.onAny((event) => events.push(event))
    const connection = openConnection({ settings, events: bus, purpose: 'test', timeoutMs })
    opened.push(connection)
    return { connection, events }
  }

  before(async () => {
    shared = await startRedis()
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((connection) => connection.close({ timeoutMs: 100 })))
  })
  after(() => shared.stop())

  for (const { name, code, remedy, server, settings, final = true } of REFUSALS) {
    it(`tells ${name} from everything else: ${code}`, async () => {
      const redis = server === undefined ? shared : await startRedis(await server())
      try {
        // The one place for clients is taken.
        if (code === 'ERR_REDIS_MAX_CLIENTS') await redis.admin().ping()
        const wanted = await (settings?.(redis.settings) ?? redis.settings)
        const { connection, events } = open(wanted)
        const began = performance.now()
        const look = () => rejection(connection.ready({ timeoutMs: final ? 8000 : 400 }))
        // The server says why and hangs up; where the hang-up overtakes the reply, a later attempt hears it.
        let error = await look()
        let laterLooks = code === 'ERR_REDIS_MAX_CLIENTS' ? 20 : 0
        while (error.code === 'ERR_REDIS_RESET' && laterLooks > 0) {
          laterLooks -= 1
          error = await look()
        }
        expect(error.code).to.equal(code)
        expect(error.message).to.include(remedy)
        if (final) expect(performance.now() - began, 'rejects at once').to.be.below(3000)
        expect(inspect({ error, events, facts: connection.facts() }, { depth: 9 })).not.to.match(
          new RegExp(`${redis.passwords.cache}|not the password|PRIVATE`),
        )
        const kind = code.startsWith('ERR_TLS_') ? 'tls.failure' : 'redis.unavailable'
        expect(events.map(({ type }) => type)).to.include(kind)
      } finally {
        if (redis !== shared) await redis.stop()
      }
    })
  }

  it('says what was negotiated and who was let in', async () => {
    const { connection } = open(shared.settings)
    await connection.ready()
    const facts = connection.facts()
    expect(facts).to.deep.include({
      purpose: 'test',
      endpoint: `127.0.0.1:${shared.port}`,
      status: 'up',
      authenticatedAs: 'cache_service',
      remoteAddress: '127.0.0.1',
      serverRole: 'master',
      reconnects: 0,
      lastErrorCode: undefined,
    })
    expect(facts.serverVersion).to.match(/^\d+\.\d+\.\d+$/)
    expect(facts.tls).to.deep.include({ protocol: 'TLSv1.3', authorized: true })
    expect(facts.tls?.certificate?.names).to.include('DNS:localhost')
    expect(Date.parse(facts.tls?.certificate?.validTo ?? '')).to.be.above(Date.now())
  })

  it('says nothing of the last connection while there is none', async () => {
    const redis = await startRedis()
    const { connection } = open(redis.settings)
    await connection.ready()
    await redis.kill()
    await until('the loss is known', () => connection.status === 'down')
    const facts = connection.facts()
    expect([facts.authenticatedAs, facts.tls, facts.remoteAddress, facts.connectedSince]).to.deep.equal([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
    await redis.stop()
  })

  it('accepts a server name that is an address of the certificate', async () => {
    const { connection } = open(withTls(shared.settings, { servername: '127.0.0.1' }))
    await connection.ready()
  })

  it('checks certificates although NODE_TLS_REJECT_UNAUTHORIZED says not to', async () => {
    const inherited = process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    try {
      const { connection } = open(withTls(shared.settings, { ca: undefined }))
      expect((await rejection(connection.ready())).code).to.equal('ERR_TLS_UNKNOWN_CA')
    } finally {
      if (inherited === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = inherited
    }
  })

  it('counts failed logins and tells of the one that works again', async () => {
    const admin = shared.admin()
    const settings = {
      ...shared.settings,
      username: 'late',
      password: new Secret('a password that comes late'),
    }
    const { connection, events } = open(settings)
    await rejection(connection.ready())
    await admin.acl('SETUSER', 'late', 'reset', 'on', '>a password that comes late', '+ping')
    connection.renew({})
    await connection.ready()
    expect(events.map(({ type }) => type)).to.deep.equal([
      'auth.failure',
      'redis.unavailable',
      'auth.success',
      'auth.recovered',
      'redis.recovered',
    ])
    await admin.acl('DELUSER', 'late')
  })

  it('logs in with a new password and a new certificate at once, instead of at the next turn', async () => {
    const { connection } = open(
      withTls(
        { ...shared.settings, password: new Secret('the one of last year') },
        { ca: (await createAuthority({ commonName: 'The one of last year' })).certPem },
      ),
    )
    expect((await rejection(connection.ready())).code).to.equal('ERR_TLS_UNKNOWN_CA')
    connection.renew({ tls: shared.settings.tls })
    expect((await rejection(connection.ready())).code).to.equal('ERR_REDIS_WRONGPASS')
    const began = performance.now()
    connection.renew({ password: shared.settings.password })
    await connection.ready()
    expect(performance.now() - began).to.be.below(800)
    expect(connection.facts()).to.include({ authenticatedAs: 'cache_service' })
  })

  it('keeps what it had where the new certificate is none', async () => {
    const { connection } = open(shared.settings)
    await connection.ready()
    const broken = {
      ca: 'no PEM',
      cert: 'no PEM',
      key: new Secret('no PEM'),
      profile: 'modern',
      verify: true,
    } as const
    expect(() => connection.renew({ tls: broken })).to.throw('REDIS_TLS_CERT and REDIS_TLS_KEY')
    connection.dropDamaged()
    await until('it is back', () => connection.status === 'up' && connection.facts().reconnects === 1)
  })

  it('rejects what answers but is no Redis', async () => {
    const impostor = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
    }).listen(0, '127.0.0.1')
    await once(impostor, 'listening')
    const { port } = impostor.address() as AddressInfo
    const { connection } = open({ ...shared.settings, tls: undefined, port })
    expect((await rejection(connection.ready({ timeoutMs: 300 }))).code).to.equal('ERR_REDIS_PROTOCOL')
    impostor.close()
  })

  it('gives up a server that takes the connection and never answers', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const { connection } = open({ ...shared.settings, tls: undefined, port, connectTimeoutMs: 150 })
    await until('the attempt is given up', () => connection.status === 'down')
    expect(connection.lastError?.code).to.equal('ERR_REDIS_UNREACHABLE')
    await connection.close()
    silent.close()
  })

  it('stops waiting when it is told to, and when it is closed', async () => {
    const { connection } = open({ ...shared.settings, port: await freePort() })
    const abort = new AbortController()
    const aborted = rejection(connection.ready({ signal: abort.signal }))
    const closing = rejection(connection.ready())
    abort.abort()
    await aborted
    await connection.close()
    expect((await closing).code).to.equal('ERR_CACHE_CLOSED')
    expect((await rejection(connection.ready())).code).to.equal('ERR_CACHE_CLOSED')
  })

  it('closes within its bound though the server is stopped', async () => {
    const redis = await startRedis()
    const { connection } = open(redis.settings)
    await connection.ready()
    await redis.pause()
    const began = performance.now()
    await connection.close({ timeoutMs: 100 })
    expect(performance.now() - began).to.be.within(90, 400)
    await redis.stop()
  })
})

async function rejection(promise: Promise<unknown>): Promise<{ code: CacheErrorCode; message: string }> {
  const error: unknown = await promise.then(
    () => new Error('it did not reject'),
    (reason: unknown) => reason,
  )
  if (!isCacheError(error)) throw error
  return error
}
