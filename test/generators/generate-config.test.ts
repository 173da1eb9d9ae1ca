import { readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { expect } from 'chai'
import type { Redis } from 'ioredis'
import { after, before, describe, it } from 'mocha'
import {
  createAuthority,
  generateConfig,
  issueCertificate,
  type CertificateAndKey,
} from '../../generators/index.js'
import { ADMIN, APPLICATION, connectWith, outcomeOf } from '../support/generated-client.js'
import {
  bootGenerated,
  freshSettings,
  temporaryFolder,
  type BootedFolder,
} from '../support/generated-folder.js'

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

describe('generateConfig', () => {
  describe('a server booted from the generated files', () => {
    let booted: BootedFolder

    before(async () => {
      booted = await bootGenerated()
    })
    after(() => booted.stop())

    it('serves the application with nothing but the application’s folder', async () => {
      const stored = await outcomeOf(booted, APPLICATION, (redis) => redis.set('ai_cache:k', 'v'))
      expect(stored).to.equal('OK')
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
        expect(await outcomeOf(booted, login, (redis) => redis.ping()), login.role).to.equal('PONG')
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
      const act = (action: (redis: Redis) => Promise<unknown>): Promise<string> =>
        outcomeOf(booted, APPLICATION, action)
      expect(await act((redis) => redis.flushall())).to.match(/NOPERM/)
      expect(await act((redis) => redis.get('other:k'))).to.match(/NOPERM/)
      expect(await act((redis) => redis.config('GET', '*'))).to.match(/NOPERM/)
    })

    it('runs with every directive as it stands in the file', async () => {
      const admin = await connectWith(booted, ADMIN)
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

  it('says which files of an earlier topology are left, and deletes none of them', async () => {
    const folder = await temporaryFolder()
    try {
      const earlier = await freshSettings({ REDIS_TOPOLOGY: 'sentinel', REDIS_SENTINEL_NAME: 'cache' })
      const first = await generateConfig({ settings: earlier, out: folder.path, target: 'local' })
      expect(first.leftovers).to.deep.equal([])
      const one = { settings: await freshSettings(), out: folder.path, target: 'local' } as const
      const { leftovers } = await generateConfig({ ...one, force: true })
      expect(leftovers).to.include.members([
        'conf/redis-2.conf',
        'sentinel/sentinel-1.conf',
        'sentinel/users.acl',
      ])
      expect(leftovers).to.not.include.members(['conf/redis.conf'])
      for (const path of leftovers) expect(await readFile(join(folder.path, path), 'utf8')).to.not.equal('')
      await Promise.all(leftovers.map((path) => rm(join(folder.path, path))))
      // A list that somebody else has written leads nowhere.
      const manifest = join(folder.path, '.generated.json')
      const noted = JSON.parse(await readFile(manifest, 'utf8')) as { files: Record<string, string> }
      await writeFile(
        manifest,
        JSON.stringify({ ...noted, files: { ...noted.files, '../../etc/passwd': 'x' } }),
      )
      expect((await generateConfig({ ...one, dryRun: true })).leftovers).to.deep.equal([])
    } finally {
      await folder.remove()
    }
  })
})
