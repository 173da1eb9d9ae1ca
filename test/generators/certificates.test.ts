import { X509Certificate, createPrivateKey } from 'node:crypto'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { createAuthority, issueCertificate } from '../../generators/certificates.js'
import * as x509 from '@peculiar/x509'

const NAMES = ['redis', 'localhost', '127.0.0.1', '::1']
const now = (): number => Date.UTC(2030, 0, 1)

describe('certificates', () => {
  it('makes an authority that may sign leaves and nothing else', async () => {
    const { certPem, keyPem } = await createAuthority({ commonName: 'test authority' })
    const certificate = new x509.X509Certificate(certPem)
    const constraints = certificate.getExtension(x509.BasicConstraintsExtension)
    expect(constraints).to.include({ ca: true, pathLength: 0, critical: true })
    const usages = certificate.getExtension(x509.KeyUsagesExtension)
    expect(usages).to.include({
      usages: x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
      critical: true,
    })
    expect(new X509Certificate(certPem).checkPrivateKey(createPrivateKey(keyPem))).to.equal(true)
    expect(createPrivateKey(keyPem).asymmetricKeyDetails).to.deep.equal({ namedCurve: 'prime256v1' })
  })

  it('issues a leaf whose chain, key, names and usage are right for each role', async () => {
    const authority = await createAuthority({ commonName: 'test authority' })
    const issuer = new X509Certificate(authority.certPem)
    const expected = {
      server: [x509.ExtendedKeyUsage.serverAuth],
      client: [x509.ExtendedKeyUsage.clientAuth],
      both: [x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth],
    }
    for (const role of ['server', 'client', 'both'] as const) {
      const { certPem, keyPem } = await issueCertificate(authority, {
        role,
        commonName: 'redis',
        names: NAMES,
      })
      const leaf = new X509Certificate(certPem)
      expect(leaf.checkIssued(issuer)).to.equal(true)
      expect(leaf.verify(issuer.publicKey)).to.equal(true)
      expect(leaf.checkPrivateKey(createPrivateKey(keyPem))).to.equal(true)
      expect(leaf.checkHost('redis')).to.equal('redis')
      expect(leaf.checkIP('127.0.0.1')).to.equal('127.0.0.1')
      expect(leaf.ca).to.equal(false)
      const parsed = new x509.X509Certificate(certPem)
      expect(parsed.getExtension(x509.ExtendedKeyUsageExtension)?.usages).to.deep.equal(expected[role])
      expect(parsed.getExtension(x509.KeyUsagesExtension)).to.include({
        usages: x509.KeyUsageFlags.digitalSignature,
        critical: true,
      })
      expect(parsed.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId).to.equal(
        new x509.X509Certificate(authority.certPem).getExtension(x509.SubjectKeyIdentifierExtension)?.keyId,
      )
    }
  })

  it('draws a positive serial number for every certificate', async () => {
    const authority = await createAuthority({ commonName: 'test authority' })
    const serials = new Set<string>()
    for (let index = 0; index < 20; index += 1) {
      const { certPem } = await issueCertificate(authority, { role: 'client', commonName: 'c', names: [] })
      const serial = new X509Certificate(certPem).serialNumber
      expect(BigInt(`0x${serial}`) > 0n && !serial.startsWith('-')).to.equal(true)
      serials.add(serial)
    }
    expect(serials.size).to.equal(20)
  })

  it('names a client by its common name where no names are given', async () => {
    const authority = await createAuthority({ commonName: 'test authority' })
    const { certPem } = await issueCertificate(authority, {
      role: 'client',
      commonName: 'cache_service',
      names: [],
    })
    expect(new X509Certificate(certPem).subjectAltName).to.equal('DNS:cache_service')
  })

  it('begins a little in the past, so that a slower clock accepts it, and ends within 366 days', async () => {
    const authority = await createAuthority({ commonName: 'test authority', now })
    const { certPem } = await issueCertificate(authority, {
      role: 'server',
      commonName: 'redis',
      names: NAMES,
      now,
    })
    const leaf = new x509.X509Certificate(certPem)
    expect(leaf.notBefore.toISOString()).to.equal('2029-12-31T23:55:00.000Z')
    expect(leaf.notAfter.toISOString()).to.equal('2030-12-31T23:55:00.000Z')
  })

  it('can issue an expired certificate, for those who test what happens then', async () => {
    const authority = await createAuthority({ commonName: 'test authority' })
    const { certPem } = await issueCertificate(authority, {
      role: 'server',
      commonName: 'redis',
      names: NAMES,
      notBefore: new Date('2020-01-01T00:00:00Z'),
      notAfter: new Date('2020-02-01T00:00:00Z'),
    })
    expect(new x509.X509Certificate(certPem).notAfter.toISOString()).to.equal('2020-02-01T00:00:00.000Z')
  })

  it('refuses a leaf that lasts over 366 days, ends before it begins or outlives its authority', async () => {
    const authority = await createAuthority({ commonName: 'test authority', days: 30 })
    const request = { role: 'server', commonName: 'redis', names: NAMES } as const
    for (const validity of [
      { days: 367 },
      { days: 0 },
      { days: Number.NaN },
      { notAfter: new Date('2020-01-01T00:00:00Z') },
      { notAfter: new Date(Date.now() + 60 * 24 * 3600 * 1000) },
    ]) {
      await expectMisuse(issueCertificate(authority, { ...request, ...validity }))
    }
    const { certPem } = await issueCertificate(authority, request)
    expect(new x509.X509Certificate(certPem).notAfter.getTime()).to.equal(
      new x509.X509Certificate(authority.certPem).notAfter.getTime(),
    )
  })

  it('refuses names that no certificate should carry', async () => {
    const authority = await createAuthority({ commonName: 'test authority' })
    for (const name of ['', 'a b', 'redis\n', 'http://redis', '*', 'a..b', 'é', 'a'.repeat(300)]) {
      await expectMisuse(issueCertificate(authority, { role: 'server', commonName: 'redis', names: [name] }))
    }
    for (const commonName of ['', 'a\nb', 'x'.repeat(65)]) {
      await expectMisuse(createAuthority({ commonName }))
    }
  })

  it('keeps a common name with special characters exactly, also as an issuer', async () => {
    for (const commonName of ['a, b=c + "d" \\ é; <e>', '#0401']) {
      const authority = await createAuthority({ commonName })
      expect(new x509.X509Certificate(authority.certPem).subjectName.getField('CN')).to.deep.equal([
        commonName,
      ])
      const leaf = await issueCertificate(authority, { role: 'client', commonName, names: ['client'] })
      expect(new X509Certificate(leaf.certPem).checkIssued(new X509Certificate(authority.certPem))).to.equal(
        true,
      )
    }
  })
})

async function expectMisuse(promise: Promise<unknown>): Promise<void> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).to.have.property('code', 'ERR_CACHE_MISUSE')
}
