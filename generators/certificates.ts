// @peculiar/x509 resolves its own parts through reflect-metadata, which must be there first.
// oxlint-disable-next-line import/no-unassigned-import
import 'reflect-metadata'
import { createPrivateKey, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import * as x509 from '@peculiar/x509'
import { CacheError } from '../lib/errors.js'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY_MS = 24 * 60 * 60 * 1000
/** Clocks of two machines differ: a certificate made now must be valid there too. */
const BACKDATED_MS = 5 * 60 * 1000
/** TLS-018: a leaf lives at most this long. */
export const MAX_LEAF_DAYS = 366
const LEAF_DAYS = 365
const AUTHORITY_DAYS = 3650
/** Upper bound of a common name, RFC 5280 appendix A.1 (ub-common-name). */
const MAX_COMMON_NAME = 64

/** A certificate and its private key, both PEM (the key as PKCS#8). The key is a secret: mode 0600, never logged. */
export interface CertificateAndKey {
  readonly certPem: string
  readonly keyPem: string
}

/** Our own certificate authority. Its key signs; it is never mounted into a container (TLS-013). */
export type Authority = CertificateAndKey

export interface AuthorityRequest {
  readonly commonName: string
  /** Days of validity, 3650 where absent. */
  readonly days?: number | undefined
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined
}

/** What a certificate may be used for. A replica and a cluster node are `both`: they serve and they connect. */
export type CertificateRole = 'server' | 'client' | 'both'

export interface CertificateRequest {
  readonly role: CertificateRole
  readonly commonName: string
  /** DNS names and IP addresses of the subject alternative name; the common name where empty. */
  readonly names: readonly string[]
  /** Days of validity, 365 where absent, at most 366. */
  readonly days?: number | undefined
  /** Five minutes ago where absent. */
  readonly notBefore?: Date | undefined
  /** `days` after the beginning where absent; never after the authority's own end. */
  readonly notAfter?: Date | undefined
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined
}

const EXTENDED_USAGE: Readonly<Record<CertificateRole, readonly string[]>> = {
  server: [x509.ExtendedKeyUsage.serverAuth],
  client: [x509.ExtendedKeyUsage.clientAuth],
  both: [x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth],
}

/**
 * Makes a certificate authority that can sign leaves and nothing else: ECDSA P-256, critical
 * basicConstraints CA with path length 0, keyCertSign and cRLSign (RFC 5280 section 4.2.1).
 *
 * @throws {CacheError} ERR_CACHE_MISUSE for a common name or a validity that no certificate can hold
 */
export async function createAuthority(request: AuthorityRequest): Promise<Authority> {
  const { commonName, days = AUTHORITY_DAYS, now = Date.now } = request
  const notBefore = new Date(now() - BACKDATED_MS)
  const notAfter = new Date(notBefore.getTime() + checkedDays(days, AUTHORITY_DAYS) * DAY_MS)
  const keys = await generateKeys()
  const certificate = await x509.X509CertificateGenerator.create({
    subject: subjectOf(commonName),
    issuer: subjectOf(commonName),
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm: ALGORITHM,
    notBefore,
    notAfter,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { certPem: pem(certificate), keyPem: await exportKey(keys.privateKey) }
}

/**
 * Issues a leaf under the authority, with a key of its own: ECDSA P-256, critical CA:FALSE,
 * digitalSignature, extended key usage by role (TLS-011), a subject alternative name (TLS-007), key
 * identifiers of both, and a random positive serial number.
 *
 * @throws {CacheError} ERR_CACHE_MISUSE for a name that is neither DNS nor IP, for a validity over 366 days
 *   or one that outlives the authority
 */
export async function issueCertificate(
  authority: Authority,
  request: CertificateRequest,
): Promise<CertificateAndKey> {
  const issuer = new x509.X509Certificate(authority.certPem)
  const { notBefore, notAfter } = leafValidity(request, issuer.notAfter)
  const keys = await generateKeys()
  const certificate = await x509.X509CertificateGenerator.create({
    subject: subjectOf(request.commonName),
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.keyPem),
    signingAlgorithm: ALGORITHM,
    notBefore,
    notAfter,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([...EXTENDED_USAGE[request.role]]),
      new x509.SubjectAlternativeNameExtension(alternativeNames(request)),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { certPem: pem(certificate), keyPem: await exportKey(keys.privateKey) }
}

function leafValidity(request: CertificateRequest, authorityEnds: Date): { notBefore: Date; notAfter: Date } {
  const { now = Date.now, days = LEAF_DAYS } = request
  const notBefore = request.notBefore ?? new Date(now() - BACKDATED_MS)
  const wanted = notBefore.getTime() + checkedDays(days, MAX_LEAF_DAYS) * DAY_MS
  const notAfter = request.notAfter ?? new Date(Math.min(wanted, authorityEnds.getTime()))
  const span = notAfter.getTime() - notBefore.getTime()
  if (!(span > 0 && span <= MAX_LEAF_DAYS * DAY_MS)) {
    throw new CacheError(
      'ERR_CACHE_MISUSE',
      `a certificate must end after it begins and last at most ${MAX_LEAF_DAYS} days: shorten it, or renew the authority`,
    )
  }
  if (notAfter > authorityEnds) {
    throw new CacheError(
      'ERR_CACHE_MISUSE',
      'a certificate cannot outlive its authority: shorten it, or make a new authority first',
    )
  }
  return { notBefore, notAfter }
}

function checkedDays(days: number, most: number): number {
  if (Number.isFinite(days) && days > 0 && days <= most) return days
  throw new CacheError('ERR_CACHE_MISUSE', `days must be above 0 and at most ${most}`)
}

function subjectOf(commonName: string): x509.Name {
  if (!/^\P{Cc}+$/u.test(commonName) || [...commonName].length > MAX_COMMON_NAME) {
    throw new CacheError(
      'ERR_CACHE_MISUSE',
      `a common name has 1 to ${MAX_COMMON_NAME} characters, none of them a control character`,
    )
  }
  // The object form: as plain text the name would be parsed, and '#', '+', ',' and '"' have a meaning there.
  return new x509.Name([{ CN: [{ utf8String: commonName }] }])
}

function alternativeNames(request: CertificateRequest): x509.JsonGeneralNames {
  const names = request.names.length > 0 ? request.names : [request.commonName]
  return [...new Set(names)].map((name) => ({ type: nameType(name), value: name }))
}

function nameType(name: string): 'ip' | 'dns' {
  if (isIP(name) !== 0) return 'ip'
  // Underscores are no host names (RFC 1123), but Compose services and our own user names have them.
  if (name.length <= 253 && /^(?:\*\.)?[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*$/.test(name))
    return 'dns'
  throw new CacheError(
    'ERR_CACHE_MISUSE',
    'a name of a certificate is a DNS name such as redis.internal, or an IP address',
  )
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
}

async function importKey(keyPem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' })
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign'])
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key)
  const parsed = createPrivateKey({ key: Buffer.from(der), type: 'pkcs8', format: 'der' })
  return parsed.export({ type: 'pkcs8', format: 'pem' }).toString()
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem').trim()}\n`
}
