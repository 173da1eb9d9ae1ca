import { createHash, createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'

import { startOf, type Position } from '../position.js'
import { linesOf, placeIn, type SourceText } from './source-text.js'

/** What a certificate says of itself. Dates are milliseconds. */
export interface CertificateFacts {
  readonly at: Position
  readonly x509: X509Certificate
  readonly isCa: boolean
  readonly validFrom: number
  readonly validTo: number
  readonly hasSubjectAltName: boolean
  /** Object identifiers of the extended key usage; empty where it has none. */
  readonly keyUsage: readonly string[]
  readonly rsaBits?: number | undefined
  /** Such as `SHA-256`; absent where the algorithm names no hash (Ed25519). */
  readonly signatureHash?: string | undefined
  /** SHA-256 of the public key: equal for two certificates of one key. */
  readonly keyFingerprint: string
}

/** A PEM file of certificates; the first is the leaf where there is a chain. */
export interface CertificateFile {
  readonly path: string
  readonly certificates: readonly CertificateFacts[]
}

/** A private key, known by the fingerprint of its public half alone. */
export interface KeyFile {
  readonly path: string
  readonly at: Position
  /** Absent for a key behind a passphrase, and for one that cannot be read. */
  readonly keyFingerprint?: string | undefined
}

export interface PemFile {
  readonly certificates?: CertificateFile | undefined
  readonly key?: KeyFile | undefined
  readonly problems: readonly { readonly at: Position; readonly message: string }[]
}

/** More blocks than any chain or bundle of our own has; the system's bundle is not ours to read. */
const MAX_BLOCKS = 50

/** Reads the certificates and the private key of a PEM file. */
export function parsePem(source: SourceText): PemFile {
  const certificates: CertificateFacts[] = []
  const problems: { at: Position; message: string }[] = []
  let key: KeyFile | undefined
  for (const { label, pem, at } of blocksOf(source)) {
    if (label.endsWith('PRIVATE KEY'))
      key ??= { path: source.path, at, keyFingerprint: privateFingerprint(pem) }
    if (label !== 'CERTIFICATE') continue
    const facts = certificateFacts(pem, at)
    if (facts === undefined) problems.push({ at, message: 'this is not a certificate that can be read' })
    else certificates.push(facts)
  }
  return {
    certificates: certificates.length === 0 ? undefined : { path: source.path, certificates },
    key,
    problems,
  }
}

interface Block {
  readonly label: string
  readonly pem: string
  readonly at: Position
}

function blocksOf(source: SourceText): readonly Block[] {
  const blocks: Block[] = []
  let open: { label: string; at: Position; lines: string[] } | undefined
  for (const line of linesOf(source)) {
    const text = line.text.trim()
    const begin = /^-----BEGIN ([A-Z0-9 ]{1,40})-----$/.exec(text)?.[1]
    if (begin !== undefined) open = { label: begin, at: placeIn(source, line, 0), lines: [] }
    open?.lines.push(text)
    if (open !== undefined && text === `-----END ${open.label}-----`) {
      blocks.push({ label: open.label, pem: open.lines.join('\n'), at: open.at })
      open = undefined
      if (blocks.length === MAX_BLOCKS) break
    }
  }
  return blocks
}

function certificateFacts(pem: string, at: Position): CertificateFacts | undefined {
  try {
    const x509 = new X509Certificate(pem)
    const { publicKey } = x509
    return {
      at,
      x509,
      isCa: x509.ca,
      validFrom: Date.parse(x509.validFrom),
      validTo: Date.parse(x509.validTo),
      hasSubjectAltName: x509.subjectAltName !== undefined,
      // The types promise an array; without the extension there is none.
      keyUsage: x509.keyUsage ?? [],
      rsaBits: publicKey.asymmetricKeyDetails?.modulusLength,
      signatureHash: signatureHash(x509.raw),
      keyFingerprint: fingerprint(publicKey),
    }
  } catch {
    // The library's message may quote the text.
    return undefined
  }
}

function privateFingerprint(pem: string): string | undefined {
  try {
    return fingerprint(createPublicKey(createPrivateKey(pem)))
  } catch {
    return undefined
  }
}

function fingerprint(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
}

/** Signature algorithms whose hash no longer holds, by the DER form of their identifier (RFC 3279, RFC 5758). */
const WEAK_SIGNATURES: readonly (readonly [string, string])[] = [
  ['06092a864886f70d010104', 'MD5'],
  ['06092a864886f70d010105', 'SHA-1'],
  ['06072a8648ce3d0401', 'SHA-1'],
  ['06072a8648ce380403', 'SHA-1'],
]

/**
 * The weak hash of a certificate's signature. Node tells the algorithm only from version 24 on; it is the
 * first identifier inside the certificate's second field (RFC 5280, 4.1), right after the signed part.
 */
function signatureHash(der: Buffer): string | undefined {
  const outer = derContent(der, 0)
  const signedPart = outer === undefined ? undefined : derContent(der, outer.start)
  const algorithm = signedPart === undefined ? undefined : derContent(der, signedPart.end)
  if (algorithm === undefined) return undefined
  const hex = der.subarray(algorithm.start, algorithm.end).toString('hex')
  return WEAK_SIGNATURES.find(([identifier]) => hex.startsWith(identifier))?.[1]
}

/** Where the content of a DER value begins and ends. */
function derContent(der: Buffer, offset: number): { start: number; end: number } | undefined {
  const first = der[offset + 1]
  if (first === undefined) return undefined
  if (first < 0x80) return { start: offset + 2, end: offset + 2 + first }
  const count = first & 0x7f
  if (count === 0 || count > 4 || offset + 2 + count > der.length) return undefined
  const start = offset + 2 + count
  return { start, end: start + der.readUIntBE(offset + 2, count) }
}

/** The leaf of a file. */
export function leafOf(file: CertificateFile): CertificateFacts | undefined {
  return file.certificates[0]
}

/** Where a key or certificate file is pointed at as a whole. */
export function placeOf(file: { readonly path: string; readonly at?: Position | undefined }): Position {
  return file.at ?? startOf(file.path)
}
