// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 needs it first
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { expect } from 'chai'
import { afterEach, before, beforeEach, describe, it } from 'mocha'
import {
  createAuthority,
  issueCertificate,
  type Authority,
  type CertificateAndKey,
} from '../../generators/certificates.js'
import { seen, NOW, Workshop } from './workshop.js'

const DAY = 86_400_000
const now = (): number => NOW

/** A certificate that the generator would never make: SHA-1, a short key, a long life, no SAN. */
async function odd(options: {
  readonly algorithm: webcrypto.RsaHashedKeyGenParams | webcrypto.EcKeyGenParams
  readonly days: number
}): Promise<CertificateAndKey> {
  const { algorithm, days } = options
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=odd',
    keys,
    signingAlgorithm: { hash: 'SHA-256', ...algorithm },
    notBefore: new Date(NOW - DAY),
    notAfter: new Date(NOW - DAY + days * DAY),
  })
  return {
    certPem: certificate.toString('pem'),
    keyPem: x509.PemConverter.encode(
      await webcrypto.subtle.exportKey('pkcs8', keys.privateKey),
      'PRIVATE KEY',
    ),
  }
}

const rsa = (modulusLength: number, hash: string): webcrypto.RsaHashedKeyGenParams => ({
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash,
})

describe('the certificate rules', () => {
  let workshop: Workshop
  let authority: Authority
  let server: CertificateAndKey
  let client: CertificateAndKey

  before(async () => {
    authority = await createAuthority({ commonName: 'Test authority', now })
    const request = { names: ['redis'], now }
    server = await issueCertificate(authority, { ...request, role: 'server', commonName: 'redis' })
    client = await issueCertificate(authority, { ...request, role: 'client', commonName: 'cache' })
  })
  beforeEach(async () => {
    workshop = await Workshop.create('hardened')
    await workshop.write('tls/ca.crt', authority.certPem)
    await deploy('server', server)
    await deploy('client', client)
  })
  afterEach(() => workshop.close())

  async function deploy(name: string, pair: CertificateAndKey): Promise<void> {
    await workshop.write(`tls/${name}.crt`, pair.certPem)
    await workshop.write(`tls/${name}.key`, pair.keyPem)
  }

  const issue = (
    role: 'server' | 'client' | 'both',
    dates: { days?: number; notAfter?: Date; notBefore?: Date } = {},
  ) => issueCertificate(authority, { role, commonName: 'redis', names: ['redis'], now, ...dates })

  async function findings(): Promise<readonly string[]> {
    const report = await workshop.check()
    expect(report.remarks).to.deep.equal([])
    return seen(report)
  }

  it('find nothing in what the generator issues', async () => {
    expect(await findings()).to.deep.equal([])
  })

  for (const { title, days, level } of [
    { title: 'expired yesterday', days: -1, level: 'error' },
    { title: 'has 20 days to live', days: 20, level: 'warning' },
    { title: 'has 80 days to live', days: 80, level: 'info' },
  ]) {
    it(`report a certificate that ${title}`, async () => {
      const dates = { notBefore: new Date(NOW - 200 * DAY), notAfter: new Date(NOW + days * DAY) }
      const old = await createAuthority({ commonName: 'Test authority', now: () => NOW - 300 * DAY })
      await workshop.write('tls/ca.crt', old.certPem)
      const pair = await issueCertificate(old, {
        role: 'server',
        commonName: 'redis',
        names: ['redis'],
        ...dates,
      })
      await deploy('server', pair)
      const other = await issueCertificate(old, {
        role: 'client',
        commonName: 'cache',
        names: ['cache'],
        now,
      })
      await deploy('client', other)
      expect(await findings()).to.deep.equal([`tls/server.crt:1:1 ${level} [TLS-006]`])
    })
  }

  it('report a certificate that is not valid yet', async () => {
    await deploy('server', await issue('server', { notBefore: new Date(NOW + DAY), days: 200 }))
    expect(await findings()).to.deep.equal(['tls/server.crt:1:1 error [TLS-006]'])
  })

  it('report a foreign issuer, no name and a short RSA key', async () => {
    await deploy('server', await odd({ algorithm: rsa(1024, 'SHA-256'), days: 300 }))
    expect(await findings()).to.deep.equal([
      'tls/server.crt:1:1 error [TLS-008]',
      'tls/server.crt:1:1 error [TLS-009]',
      'tls/server.crt:1:1 warning [TLS-007]',
    ])
  })

  it('report a SHA-1 signature and a life of three years', async () => {
    await deploy('server', await odd({ algorithm: rsa(2048, 'SHA-1'), days: 1095 }))
    expect(await findings()).to.deep.equal([
      'tls/server.crt:1:1 error [TLS-008]',
      'tls/server.crt:1:1 error [TLS-009]',
      'tls/server.crt:1:1 info [TLS-018]',
      'tls/server.crt:1:1 warning [TLS-007]',
    ])
  })

  it('report a certificate of an authority with the same name and another key', async () => {
    const impostor = await createAuthority({ commonName: 'Test authority', now })
    const pair = await issueCertificate(impostor, {
      role: 'server',
      commonName: 'redis',
      names: ['redis'],
      now,
    })
    await deploy('server', pair)
    expect(await findings()).to.deep.equal(['tls/server.crt:1:1 error [TLS-008]'])
  })

  it('report a key that belongs to another certificate', async () => {
    await workshop.write('tls/server.key', (await issue('server')).keyPem)
    expect(await findings()).to.deep.equal(['tls/server.key:1:1 error [TLS-010]'])
  })

  it('report a client certificate that the server shows', async () => {
    await deploy('server', await issue('client'))
    expect(await findings()).to.deep.equal(['tls/server.crt:1:1 error [TLS-011]'])
  })

  it('report a server certificate that the application shows', async () => {
    await deploy('client', await issue('server'))
    expect(await findings()).to.deep.equal(['tls/client.crt:1:1 error [TLS-011]'])
  })

  it('want both usages where the server connects to its primary', async () => {
    await workshop.swap('conf/redis.conf', ['loglevel notice', 'loglevel notice\ntls-replication yes'])
    expect(await findings()).to.deep.equal(['tls/server.crt:1:1 error [TLS-011]'])
    await deploy('server', await issue('both'))
    expect(await findings()).to.deep.equal([])
  })

  it('report a key that others can read', async () => {
    await workshop.write('tls/server.key', server.keyPem, 0o640)
    expect(await findings()).to.deep.equal(['tls/server.key:1:1 error [TLS-012]'])
  })

  it('report the key of the authority in a folder that a container mounts, whatever its name', async () => {
    await workshop.write('tls/innocent.key', authority.keyPem)
    expect(await findings()).to.deep.equal(['docker-compose.yml:11:9 error [TLS-013]'])
  })

  it('leave the key of the authority alone where the container has an empty folder in its place', async () => {
    await workshop.write('tls/private/innocent.key', authority.keyPem)
    await workshop.swap('docker-compose.yml', [
      '    read_only: true',
      '    tmpfs:\n      - /tls/private:ro,mode=0000\n    read_only: true',
    ])
    expect(await findings()).to.deep.equal([])
    await workshop.swap('docker-compose.yml', ['/tls/private:ro', '/tls/other:ro'])
    expect(await findings()).to.deep.equal(['docker-compose.yml:11:9 error [TLS-013]'])
  })

  it('leave the key of the authority alone in a folder that nobody mounts', async () => {
    await workshop.write('operator/ca.key', authority.keyPem)
    expect(await findings()).to.deep.equal([])
  })

  it('report one key for server and client', async () => {
    const both = await issue('both')
    await deploy('server', both)
    await workshop.write('tls/client.crt', both.certPem)
    await workshop.write('tls/client.key', both.keyPem)
    expect(await findings()).to.deep.equal([
      'tls/client.crt:1:1 warning [TLS-014]',
      'tls/server.crt:1:1 warning [TLS-014]',
    ])
  })

  it('say that a broken certificate is one', async () => {
    await workshop.write('tls/other.crt', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
    const { remarks, findings: found } = await workshop.check()
    expect(found).to.deep.equal([])
    expect(remarks).to.deep.equal([
      {
        at: { file: 'tls/other.crt', line: 1, column: 1 },
        level: 'error',
        message: 'this is not a certificate that can be read',
      },
    ])
  })
})
