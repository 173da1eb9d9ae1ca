import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { expect } from 'chai'
import { Redis } from 'ioredis'
import { after, before, describe, it } from 'mocha'
import {
  createAuthority,
  generateConfig,
  issueCertificate,
  type CertificateAndKey,
} from '../../generators/index.js'
import {
  bootGenerated,
  freshSettings,
  temporaryFolder,
  type BootedFolder,
} from '../support/generated-folder.js'

interface Login {
  readonly role: string
  readonly user: string
  /** The folder that holds the password. */
  readonly home: string
  /** Path of certificate and key without their endings. */
  readonly certificate?: string
}

const APPLICATION: Login = { role: 'cache', user: 'cache_service', home: 'app' }

/** A client with files of the output alone. */
async function clientOf(booted: BootedFolder, login: Login): Promise<Redis> {
  const text = (path: string): Promise<string> => readFile(join(booted.out, path), 'utf8')
  const certificate = login.certificate ?? 'app/client'
  const client = new Redis({
    host: '127.0.0.1',
    port: booted.port,
    lazyConnect: true,
    retryStrategy: () => null,
    replyMapping: 'legacy',
    disableClientInfo: true,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    username: login.user,
    password: (await text(`${login.home}/${login.role}_password`)).trimEnd(),
    tls: {
      ca: await text('app/ca.crt'),
      cert: await text(`${certificate}.crt`),
      key: await text(`${certificate}.key`),
      minVersion: 'TLSv1.3',
    },
  })
  client.on('error', () => undefined)
  return client
}

/** What a PING over TLS without any login gets: the first line of the reply, or `refused`. */
async function anonymousPing(booted: BootedFolder, identity: Partial<CertificateAndKey>): Promise<string> {
  const ca = await readFile(join(booted.out, 'app/ca.crt'), 'utf8')
  const socket = connectTls({
    host: '127.0.0.1',
    port: booted.port,
    ca,
    cert: identity.certPem,
    key: identity.keyPem,
  })
  return new Promise((resolve) => {
    socket.once('secureConnect', () => socket.write('PING\r\n'))
    socket.once('data', (chunk) => {
      resolve(chunk.toString().split('\r\n')[0] ?? '')
      socket.destroy()
    })
    socket.once('error', () => resolve('refused'))
    socket.once('close', () => resolve('refused'))
  })
}

async function outcome(client: Redis, action: (client: Redis) => Promise<unknown>): Promise<string> {
  try {
    await client.connect()
    return String(await action(client))
  } catch (error) {
    return error instanceof Error ? error.message : 'unknown'
  } finally {
    client.disconnect()
  }
}

describe('generateConfig', () => {
  describe('a server booted from the generated files', () => {
    let booted: BootedFolder

    before(async () => {
      booted = await bootGenerated()
    })
    after(() => booted.stop())

    it('serves the application with nothing but the application’s folder', async () => {
      const client = await clientOf(booted, APPLICATION)
      expect(await outcome(client, (redis) => redis.set('ai_cache:k', 'v'))).to.equal('OK')
    })

    it('lets each role in with the password and certificate of its folder', async () => {
      const logins = [
        { role: 'monitor', user: 'monitor', home: 'app' },
        { role: 'maintenance', user: 'maintenance', home: 'app' },
        { role: 'health', user: 'health_service', home: 'secrets', certificate: 'tls/health' },
        { role: 'auditor', user: 'auditor', home: 'operator', certificate: 'operator/auditor' },
        { role: 'operator', user: 'operator', home: 'operator', certificate: 'operator/operator' },
        { role: 'admin', user: 'admin', home: 'operator', certificate: 'operator/admin' },
      ]
      for (const login of logins) {
        expect(await outcome(await clientOf(booted, login), (redis) => redis.ping()), login.role).to.equal(
          'PONG',
        )
      }
    })

    it('turns away who has no login, no certificate, or that of another authority', async () => {
      const text = (path: string): Promise<string> => readFile(join(booted.out, path), 'utf8')
      const own = { certPem: await text('app/client.crt'), keyPem: await text('app/client.key') }
      expect(await anonymousPing(booted, own)).to.match(/^-NOAUTH /)
      expect(await anonymousPing(booted, {})).to.equal('refused')
      const stranger = await createAuthority({ commonName: 'stranger' })
      const forged = await issueCertificate(stranger, { role: 'client', commonName: 'client', names: [] })
      expect(await anonymousPing(booted, forged)).to.equal('refused')
    })

    it('refuses what the application has no right to', async () => {
      const act = async (action: (redis: Redis) => Promise<unknown>): Promise<string> =>
        outcome(await clientOf(booted, APPLICATION), action)
      expect(await act((redis) => redis.flushall())).to.match(/NOPERM/)
      expect(await act((redis) => redis.get('other:k'))).to.match(/NOPERM/)
      expect(await act((redis) => redis.config('GET', '*'))).to.match(/NOPERM/)
    })

    it('runs with every directive as it stands in the file', async () => {
      const admin = await clientOf(booted, {
        role: 'admin',
        user: 'admin',
        home: 'operator',
        certificate: 'operator/admin',
      })
      await admin.connect()
      try {
        const live = async (name: string): Promise<string> => String((await admin.config('GET', name)).at(1))
        expect(await live('port')).to.equal('0')
        expect(await live('tls-auth-clients')).to.equal('yes')
        expect(await live('protected-mode')).to.equal('yes')
        expect(await live('enable-debug-command')).to.equal('no')
        expect(await live('maxmemory')).to.equal(String(256 * 1024 * 1024))
        expect(await live('bind')).to.equal('127.0.0.1')
        expect(await live('dir')).to.equal(join(booted.out, 'data'))
      } finally {
        admin.disconnect()
      }
    })
  })

  it('writes nothing on a dry run, and says what it would write', async () => {
    const folder = await temporaryFolder()
    try {
      const result = await generateConfig({ settings: await freshSettings(), out: folder.path, dryRun: true })
      expect(result.files.map(({ state }) => state))
        .to.include('created')
        .and.not.include('unchanged')
      expect(await readdir(folder.path)).to.deep.equal([])
    } finally {
      await folder.remove()
    }
  })
})
