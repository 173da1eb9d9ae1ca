import { X509Certificate, createPrivateKey } from 'node:crypto'
import { isIP } from 'node:net'
import type { CertificateAndKey, CertificateRole } from './certificates.js'

const DAY_MS = 24 * 60 * 60 * 1000
/** Renewed once it ends sooner than this; TLS-006 warns from the same day on. */
const RENEW_DAYS = 30

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
const USAGE: Readonly<Record<CertificateRole, readonly string[]>> = {
  server: [SERVER_AUTH],
  client: [CLIENT_AUTH],
  both: [SERVER_AUTH, CLIENT_AUTH],
}

export interface LeafExpectation {
  readonly authorityPem: string
  readonly role: CertificateRole
  readonly names: readonly string[]
  /** Milliseconds since 1970. */
  readonly now: number
}

/** Why a kept authority cannot go on, in words that follow its file name; undefined where it can. */
export function authorityFault(certPem: string, now: number): string | undefined {
  const certificate = parse(certPem)
  if (certificate === undefined) return 'is not a certificate'
  if (!certificate.ca) return 'is not a certificate authority'
  return lifetimeFault(certificate, now)
}

/** Why a kept leaf must be issued anew; undefined where it can stay. */
export function leafFault(leaf: CertificateAndKey, expected: LeafExpectation): string | undefined {
  const certificate = parse(leaf.certPem)
  const authority = parse(expected.authorityPem)
  if (certificate === undefined || authority === undefined) return 'is not a certificate'
  if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey)) {
    return 'is not signed by this authority'
  }
  if (!keyFits(certificate, leaf.keyPem)) return 'does not belong to its key'
  const usage = certificate.keyUsage ?? []
  if (!USAGE[expected.role].every((purpose) => usage.includes(purpose))) return 'is for another use'
  if (!expected.names.every((name) => covers(certificate, name))) return 'lacks a name of the server'
  return lifetimeFault(certificate, expected.now)
}

/** Whether a private key belongs to a certificate (TLS-010). */
export function keyFits(certificate: X509Certificate | string, keyPem: string): boolean {
  try {
    const parsed = typeof certificate === 'string' ? new X509Certificate(certificate) : certificate
    return parsed.checkPrivateKey(createPrivateKey(keyPem))
  } catch {
    return false
  }
}

function lifetimeFault(certificate: X509Certificate, now: number): string | undefined {
  if (Date.parse(certificate.validFrom) > now) return 'is not valid yet'
  const left = Date.parse(certificate.validTo) - now
  if (left <= 0) return 'has expired'
  return left < RENEW_DAYS * DAY_MS ? `ends in less than ${RENEW_DAYS} days` : undefined
}

function covers(certificate: X509Certificate, name: string): boolean {
  return isIP(name) === 0
    ? certificate.checkHost(name, { subject: 'never' }) !== undefined
    : certificate.checkIP(name) !== undefined
}

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}
