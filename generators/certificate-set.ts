import { ConfigError } from '../lib/errors.js'
import {
  createAuthority,
  issueCertificate,
  type CertificateAndKey,
  type CertificateRole,
} from './certificates.js'
import { authorityFault, keyFits, leafFault } from './certificate-check.js'
import { PRIVATE, PUBLIC, inFolder, type DirectoryName, type OutputFile } from './folder.js'

/** One certificate of the output. */
export interface CertificatePlan {
  readonly directory: DirectoryName
  /** File name without its ending: `server` for server.crt and server.key. */
  readonly file: string
  readonly role: CertificateRole
  readonly commonName: string
  readonly names: readonly string[]
}

export interface CertificateSet {
  readonly files: readonly OutputFile[]
  /** What was issued anew, and why, one sentence each. */
  readonly notes: readonly string[]
  /** Our authority's certificate; absent where there is nothing to certify. */
  readonly authorityPem?: string | undefined
}

export interface CertificateContext {
  /** The text of a file of the output; undefined where there is none. */
  readonly read: (path: string) => Promise<string | undefined>
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Issues every leaf anew, those still valid too; the authority stays. */
  readonly renewAll?: boolean | undefined
}

const AUTHORITY_NAME = 'express-secure-cache authority'
const AUTHORITY_CERT = inFolder('operator', 'ca.crt')
const AUTHORITY_KEY = inFolder('operator', 'ca.key')

interface KeptAuthority {
  readonly certPem: string
  /** Absent where the operator keeps it elsewhere, which is the best place for it. */
  readonly keyPem?: string | undefined
}

/**
 * Certificate authority and certificates: kept while they are valid for another month and fit their plan,
 * else made. The authority's key lies in the operator's folder alone (TLS-013); each audience gets a copy of
 * its certificate.
 *
 * @throws {ConfigError} ERR_CONFIG_FILES where a certificate is due and the authority's key is not there
 */
export async function gatherCertificates(
  plans: readonly CertificatePlan[],
  context: CertificateContext,
): Promise<CertificateSet> {
  const notes: string[] = []
  if (plans.length === 0) return { files: [], notes }
  const authority = await keepOrMakeAuthority(context, notes)
  const files: OutputFile[] = [{ path: AUTHORITY_CERT, text: authority.certPem, mode: PUBLIC }]
  if (authority.keyPem !== undefined) {
    files.push({ path: AUTHORITY_KEY, text: authority.keyPem, mode: PRIVATE })
  }
  for (const directory of new Set(plans.map((plan) => plan.directory))) {
    if (directory === 'operator') continue
    files.push({ path: inFolder(directory, 'ca.crt'), text: authority.certPem, mode: PUBLIC })
  }
  for (const plan of plans) {
    const leaf = await keepOrIssue({ plan, authority, context, notes })
    files.push(
      { path: certificatePath(plan), text: leaf.certPem, mode: PUBLIC },
      { path: keyPath(plan), text: leaf.keyPem, mode: PRIVATE },
    )
  }
  return { files, notes, authorityPem: authority.certPem }
}

async function keepOrMakeAuthority(context: CertificateContext, notes: string[]): Promise<KeptAuthority> {
  const [certPem, keyPem] = await Promise.all([context.read(AUTHORITY_CERT), context.read(AUTHORITY_KEY)])
  if (certPem === undefined) return createAuthority({ commonName: AUTHORITY_NAME, now: context.now })
  const fault = authorityFault(certPem, context.now())
  if (fault !== undefined) {
    notes.push(`made a new authority, because ${AUTHORITY_CERT} ${fault}: every client needs its certificate`)
    return createAuthority({ commonName: AUTHORITY_NAME, now: context.now })
  }
  if (keyPem !== undefined && !keyFits(certPem, keyPem)) {
    throw inTheWay(
      AUTHORITY_KEY,
      `does not belong to ${AUTHORITY_CERT}: put the right key back, or remove both`,
    )
  }
  return { certPem, keyPem }
}

async function keepOrIssue(request: {
  plan: CertificatePlan
  authority: KeptAuthority
  context: CertificateContext
  notes: string[]
}): Promise<CertificateAndKey> {
  const { plan, authority, context, notes } = request
  const [certPem, keyPem] = await Promise.all([
    context.read(certificatePath(plan)),
    context.read(keyPath(plan)),
  ])
  if (certPem !== undefined && keyPem !== undefined) {
    const expected = { authorityPem: authority.certPem, ...plan, now: context.now() }
    const fault = leafFault({ certPem, keyPem }, expected)
    if (fault === undefined && context.renewAll !== true) return { certPem, keyPem }
    const because = fault === undefined ? 'as asked' : `because it ${fault}`
    notes.push(`issued ${certificatePath(plan)} anew, ${because}`)
  }
  if (authority.keyPem === undefined) {
    throw inTheWay(AUTHORITY_KEY, `is needed to issue ${certificatePath(plan)}: put it back for this run`)
  }
  return issueCertificate(
    { certPem: authority.certPem, keyPem: authority.keyPem },
    { ...plan, now: context.now },
  )
}

function certificatePath(plan: CertificatePlan): string {
  return inFolder(plan.directory, `${plan.file}.crt`)
}

function keyPath(plan: CertificatePlan): string {
  return inFolder(plan.directory, `${plan.file}.key`)
}

function inTheWay(name: string, message: string): ConfigError {
  return new ConfigError('ERR_CONFIG_FILES', `${name} ${message}`, [{ name, message }])
}
