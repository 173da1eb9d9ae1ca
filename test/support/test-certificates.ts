import type { Authority, CertificateAndKey, CertificateRequest } from '../../generators/certificates.js'
import { createAuthority, issueCertificate } from '../../generators/certificates.js'

/** What one test server and its clients need for mutual TLS. */
export interface TestCertificates {
  readonly authority: Authority
  readonly server: CertificateAndKey
  readonly client: CertificateAndKey
}

const SERVER_NAMES = ['localhost', '127.0.0.1', 'redis']

let shared: Promise<TestCertificates> | undefined

/** One set for the whole test process: making keys for each server would only cost time. */
export function sharedCertificates(): Promise<TestCertificates> {
  shared ??= makeCertificates()
  return shared
}

/** A fresh authority with a server and a client certificate; `server` overrides what the server shows. */
export async function makeCertificates(
  overrides: { readonly server?: Partial<CertificateRequest> | undefined } = {},
): Promise<TestCertificates> {
  const authority = await createAuthority({ commonName: 'Test authority' })
  const server = await issueCertificate(authority, {
    role: 'both',
    commonName: 'redis',
    names: SERVER_NAMES,
    ...overrides.server,
  })
  const client = await issueCertificate(authority, { role: 'client', commonName: 'cache', names: ['cache'] })
  return { authority, server, client }
}
