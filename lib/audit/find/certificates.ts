import { posix } from 'node:path'

import type { FolderFacts } from '../facts.js'
import { placeOf, type CertificateFacts, type CertificateFile } from '../formats/certificate.js'
import type { ComposeService } from '../formats/compose.js'
import { envValue } from '../formats/dotenv.js'
import { lastDirective, settingOf } from '../formats/redis-conf.js'
import { textsOf, under } from '../formats/yaml-tree.js'
import type { RuleSeverity } from '../level.js'
import type { Hit } from '../rule.js'
import { confsOf, type Find } from './settings.js'

const DAY = 86_400_000
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

interface Leaf {
  readonly file: CertificateFile
  readonly certificate: CertificateFacts
}

/** The first certificate of every file that is not an authority's. */
function leavesOf(facts: FolderFacts): readonly Leaf[] {
  return facts.certificates.flatMap((file) => {
    const [certificate] = file.certificates
    return certificate === undefined || certificate.isCa ? [] : [{ file, certificate }]
  })
}

function authoritiesOf(facts: FolderFacts): readonly CertificateFacts[] {
  return facts.certificates.flatMap(({ certificates }) => certificates.filter(({ isCa }) => isCa))
}

const EXPIRY: readonly (readonly [days: number, severity: RuleSeverity])[] = [
  [0, 'high'],
  [30, 'medium'],
  [90, 'info'],
]

/** TLS-006 */
export const expiry: Find = function* ({ certificates, now }) {
  for (const { certificates: chain } of certificates) {
    for (const { at, validFrom, validTo } of chain) {
      const days = (validTo - now.getTime()) / DAY
      const row = EXPIRY.find(([limit]) => days < limit)
      if (validFrom > now.getTime()) {
        yield { at, message: 'the certificate is not valid yet', severity: 'high' }
      } else if (row !== undefined) {
        const day = new Date(validTo).toISOString().slice(0, 10)
        const message = days < 0 ? `the certificate expired on ${day}` : `the certificate expires on ${day}`
        yield { at, message, severity: row[1] }
      }
    }
  }
}

/** TLS-007 */
export const noAlternativeName: Find = function* (facts) {
  for (const { certificate } of leavesOf(facts)) {
    if (!certificate.hasSubjectAltName && rolesOfCertificate(certificate).has('server')) {
      const message = 'the certificate has no subject alternative name: clients refuse it by any name'
      yield { at: certificate.at, message }
    }
  }
}

/** TLS-008 */
export const foreignChain: Find = function* (facts) {
  const authorities = authoritiesOf(facts)
  // Without an authority in the folder there is nothing to end in.
  if (authorities.length === 0) return
  for (const { certificate } of leavesOf(facts)) {
    if (!authorities.some((authority) => issued(authority, certificate))) {
      yield {
        at: certificate.at,
        message: 'the certificate was issued by none of the authorities in this folder',
      }
    }
  }
}

function issued(authority: CertificateFacts, certificate: CertificateFacts): boolean {
  try {
    return certificate.x509.checkIssued(authority.x509) && certificate.x509.verify(authority.x509.publicKey)
  } catch {
    return false
  }
}

/** TLS-009 */
export const weakSignature: Find = function* ({ certificates }) {
  for (const { at, signatureHash, rsaBits } of certificates.flatMap((file) => file.certificates)) {
    if (signatureHash !== undefined) yield { at, message: `the certificate is signed with ${signatureHash}` }
    if (rsaBits !== undefined && rsaBits < 2048) {
      yield { at, message: `an RSA key of ${rsaBits} bits is too short: use P-256, or at least 2048 bits` }
    }
  }
}

/** TLS-010: a certificate and a key that belong together by configuration or by name. */
export const foreignKey: Find = function* (facts) {
  const named = new Map(
    confsOf(facts, 'every').flatMap((conf) =>
      ['tls', 'tls-client'].flatMap((prefix) => {
        const cert = settingText(conf, `${prefix}-cert-file`)
        const key = settingText(conf, `${prefix}-key-file`)
        return cert === undefined || key === undefined
          ? []
          : [[posix.basename(cert), posix.basename(key)] as const]
      }),
    ),
  )
  for (const { file, certificate } of leavesOf(facts)) {
    const name = baseName(file.path)
    const keyName = named.get(name)
    const key = facts.keys.find(
      ({ path }) =>
        folderOf(path) === folderOf(file.path) &&
        (keyName === undefined ? stem(path) === stem(file.path) : baseName(path) === keyName),
    )
    if (key?.keyFingerprint !== undefined && key.keyFingerprint !== certificate.keyFingerprint) {
      yield { at: placeOf(key), message: `the key does not belong to ${name}` }
    }
  }
}

function settingText(conf: Parameters<typeof lastDirective>[0], name: string): string | undefined {
  return lastDirective(conf, name)?.args[0]?.value
}

/** What a certificate may be used for; without extended key usage, for anything. */
function rolesOfCertificate({ keyUsage }: CertificateFacts): ReadonlySet<'server' | 'client'> {
  const roles = new Set<'server' | 'client'>()
  if (keyUsage.length === 0 || keyUsage.includes(SERVER_AUTH)) roles.add('server')
  if (keyUsage.length === 0 || keyUsage.includes(CLIENT_AUTH)) roles.add('client')
  return roles
}

interface Use {
  readonly needs: readonly ('server' | 'client')[]
  readonly why: string
}

/** How a configuration uses its certificate: a replica and a cluster node also connect with it. */
function usesOf(facts: FolderFacts): ReadonlyMap<string, Use> {
  const uses = new Map<string, Use>()
  for (const conf of confsOf(facts, 'every')) {
    const server = settingText(conf, 'tls-cert-file')
    const client = settingText(conf, 'tls-client-cert-file')
    const connects =
      client === undefined &&
      ['tls-replication', 'tls-cluster'].some((name) => settingOf(conf, name) === 'yes')
    if (server !== undefined) {
      uses.set(posix.basename(server), {
        needs: connects ? ['server', 'client'] : ['server'],
        why: connects ? 'the server also connects to others with it' : 'the server shows it',
      })
    }
    if (client !== undefined)
      uses.set(posix.basename(client), { needs: ['client'], why: 'the server connects with it' })
  }
  for (const env of facts.envs) {
    const file = envValue(env, 'REDIS_TLS_CERT_FILE')?.value
    if (file && !uses.has(baseName(file)))
      uses.set(baseName(file), { needs: ['client'], why: 'the application shows it' })
  }
  return uses
}

/** TLS-011 */
export const wrongUsage: Find = function* (facts) {
  const uses = usesOf(facts)
  for (const { file, certificate } of leavesOf(facts)) {
    const use = uses.get(baseName(file.path))
    const missing = use?.needs.find((role) => !rolesOfCertificate(certificate).has(role))
    if (use !== undefined && missing !== undefined) {
      yield { at: certificate.at, message: `the certificate is not for a TLS ${missing}, but ${use.why}` }
    }
  }
}

/** TLS-012 */
export const readableKey: Find = function* (facts) {
  for (const key of facts.keys) {
    const mode = facts.files.find(({ path }) => path === key.path)?.mode
    if (mode !== undefined && (mode & 0o077) !== 0) {
      yield { at: placeOf(key), message: `the private key has mode ${octal(mode)}: write 0600` }
    }
  }
}

/** TLS-013: the authority's key where a container could read it. */
export const deployedAuthorityKey: Find = function* (facts) {
  const fingerprints = new Set(authoritiesOf(facts).map(({ keyFingerprint }) => keyFingerprint))
  const authorityKeys = facts.keys.filter(
    ({ path, keyFingerprint }) =>
      AUTHORITY_KEY.test(baseName(path)) ||
      (keyFingerprint !== undefined && fingerprints.has(keyFingerprint)),
  )
  const inFolder = new Map(facts.files.map((entry) => [entry.path, entry.inFolder]))
  for (const { services } of facts.composes) {
    for (const service of services) {
      const masks = masksOf(service)
      for (const { at, source, target, inFolder: mounted } of service.mounts) {
        const covered = authorityKeys.some(({ path }) => {
          const place = inFolder.get(path)
          return (
            covers(mounted, place) &&
            !masks.some((mask) => covers(mask, placeBehind(place, { mounted, target })))
          )
        })
        if (covered || AUTHORITY_KEY.test(baseName(source))) {
          yield { at, message: 'the private key of the CA reaches a container: keep it off the server' }
        }
      }
    }
  }
}

/** Folders of a container that are empty ones of its own, whatever is mounted around them. */
function masksOf({ node }: ComposeService): readonly string[] {
  return textsOf(under(node, 'tmpfs')).map(({ text }) => text.replace(/:.*$/s, ''))
}

/** The path in the container of a file of this folder. */
function placeBehind(
  place: string | undefined,
  { mounted, target }: { readonly mounted: string | undefined; readonly target: string | undefined },
): string | undefined {
  if (place === undefined || mounted === undefined || target === undefined) return undefined
  return posix.join(target, posix.relative(mounted, place))
}

const AUTHORITY_KEY =
  /^(?:root[-_.]?)?ca(?:[-_.](?:private|key))*\.(?:key|pem)$|^ca[-_.]?key\.pem$|^ca\.key$/i

function covers(folder: string | undefined, path: string | undefined): boolean {
  if (folder === undefined || path === undefined) return false
  return folder === '.' || path === folder || path.startsWith(`${folder}/`)
}

/** TLS-014 */
export const sharedKey: Find = function* (facts) {
  const leaves = leavesOf(facts)
  for (const { file, certificate } of leaves) {
    if (!rolesOfCertificate(certificate).has('client')) continue
    const other = leaves.find(
      (candidate) =>
        candidate.file.path !== file.path &&
        candidate.certificate.keyFingerprint === certificate.keyFingerprint &&
        rolesOfCertificate(candidate.certificate).has('server'),
    )
    if (other !== undefined) {
      const hit: Hit = {
        at: certificate.at,
        message: `the key is that of ${baseName(other.file.path)} as well`,
      }
      yield hit
    }
  }
}

/** TLS-018 */
export const longLived: Find = function* (facts) {
  for (const { certificate } of leavesOf(facts)) {
    const days = Math.round((certificate.validTo - certificate.validFrom) / DAY)
    if (days > 366)
      yield { at: certificate.at, message: `the certificate is valid for ${days} days: 366 at most` }
  }
}

function baseName(path: string): string {
  return posix.basename(path.replaceAll('\\', '/'))
}

function folderOf(path: string): string {
  return posix.dirname(path.replaceAll('\\', '/'))
}

/** `server` of `server.crt`, `server-cert.pem`, `server-key.pem`. */
function stem(path: string): string {
  return baseName(path)
    .replace(/\.[^.]+$/, '')
    .replace(/[-_.](?:cert|crt|key)$/, '')
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0')
}
