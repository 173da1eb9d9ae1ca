import { X509Certificate } from 'node:crypto'
import { lstat, readFile, readdir } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { keyFits } from './certificate-check.js'

const DAY_MS = 24 * 60 * 60 * 1000

/** What a certificate of the output says of itself, and whether it fits its authority and its key. */
export interface CertificateFacts {
  /** Inside the output, with `/`. */
  readonly path: string
  readonly subject: string
  readonly names: readonly string[]
  /** ISO 8601. */
  readonly validTo: string
  /** Whole days until then; negative where it has ended. */
  readonly daysLeft: number
  /** SHA-256 of the certificate, as browsers and openssl write it. */
  readonly fingerprint: string
  /** Signed by operator/ca.crt; the authority by itself. */
  readonly chain: boolean
  /** Whether the key beside it belongs to it; absent where there is no key. */
  readonly keyFits?: boolean | undefined
}

/** Every certificate below a folder of the generator, in the order of their paths. */
export async function certificatesIn(out: string, now: number): Promise<readonly CertificateFacts[]> {
  const entries = await readdir(out, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.crt'))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
  const authority = parse(await readFile(join(out, 'operator', 'ca.crt'), 'utf8').catch(() => ''))
  const facts: CertificateFacts[] = []
  for (const path of paths) {
    const certificate = parse(await readFile(path, 'utf8'))
    const name = path.slice(join(out, sep).length).split(sep).join('/')
    if (certificate !== undefined) facts.push(await describe({ certificate, authority, path, name, now }))
  }
  return facts
}

async function describe(given: {
  readonly certificate: X509Certificate
  readonly authority: X509Certificate | undefined
  readonly path: string
  readonly name: string
  readonly now: number
}): Promise<CertificateFacts> {
  const { certificate, authority, path, name, now } = given
  const ends = Date.parse(certificate.validTo)
  const keyPath = path.replace(/\.crt$/, '.key')
  const key = await lstat(keyPath).then(
    () => readFile(keyPath, 'utf8'),
    () => undefined,
  )
  return {
    path: name,
    // One line, whatever the subject holds.
    subject: certificate.subject.replaceAll(/\p{Cc}+/gu, ', '),
    names: (certificate.subjectAltName ?? '').split(', ').filter((entry) => entry !== ''),
    validTo: new Date(ends).toISOString(),
    daysLeft: Math.floor((ends - now) / DAY_MS),
    fingerprint: certificate.fingerprint256,
    chain: authority !== undefined && certificate.verify(authority.publicKey),
    ...(key === undefined ? {} : { keyFits: keyFits(certificate, key) }),
  }
}

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}
