import type { Socket } from 'node:net'
import type { PeerCertificate } from 'node:tls'
import { TLSSocket } from 'node:tls'
import type { CacheErrorCode } from '../errors.js'

export type ConnectionStatus = 'connecting' | 'up' | 'down' | 'closed'

/** The certificate that the server showed. */
export interface CertificateFacts {
  readonly subject: string
  readonly issuer: string
  /** ISO 8601. */
  readonly validFrom: string
  readonly validTo: string
  readonly fingerprint256: string
  readonly names: readonly string[]
}

/** What was negotiated on the live socket. */
export interface TlsFacts {
  /** Such as `TLSv1.3`. */
  readonly protocol: string | undefined
  readonly cipher: string | undefined
  /** The server's certificate was verified against our authority and the server's name. */
  readonly authorized: boolean
  readonly certificate: CertificateFacts | undefined
}

/** What a connection has seen, as opposed to what it was told. */
export interface ConnectionFacts {
  readonly purpose: string
  readonly endpoint: string
  readonly status: ConnectionStatus
  /** The user whose login the server accepted; absent where none was sent or none accepted yet. */
  readonly authenticatedAs: string | undefined
  /** Absent on a plaintext socket, and while there is no connection. */
  readonly tls: TlsFacts | undefined
  /** The address of the other end. */
  readonly remoteAddress: string | undefined
  /** From the server's answer to HELLO. */
  readonly serverVersion: string | undefined
  readonly serverRole: string | undefined
  /** ISO 8601; absent while there is no connection. */
  readonly connectedSince: string | undefined
  /** Connections made again after the first. */
  readonly reconnects: number
  readonly lastErrorCode: CacheErrorCode | undefined
  /** Of a Cluster: the same for the connection to each node. */
  readonly nodes?: readonly ConnectionFacts[] | undefined
}

/** Reads the TLS state of a socket; `undefined` for plaintext. */
export function tlsFacts(stream: Socket | undefined): TlsFacts | undefined {
  if (!(stream instanceof TLSSocket) || stream.destroyed) return undefined
  return {
    protocol: stream.getProtocol() ?? undefined,
    cipher: stream.getCipher().name,
    authorized: stream.authorized,
    certificate: certificateFacts(stream.getPeerCertificate()),
  }
}

function certificateFacts(certificate: PeerCertificate): CertificateFacts | undefined {
  // Node answers with an empty object where there is none.
  if (certificate.valid_to === undefined) return undefined
  return {
    subject: String(certificate.subject.CN ?? ''),
    issuer: String(certificate.issuer.CN ?? ''),
    validFrom: new Date(certificate.valid_from).toISOString(),
    validTo: new Date(certificate.valid_to).toISOString(),
    fingerprint256: certificate.fingerprint256,
    names: (certificate.subjectaltname ?? '').split(', ').filter((name) => name !== ''),
  }
}

/** Version and role in the answer to HELLO, which ioredis flattens to name and value in turn. */
export function greetingFacts(reply: unknown): { version: string | undefined; role: string | undefined } {
  const fields = new Map<string, string>()
  if (Array.isArray(reply)) {
    for (let index = 0; index + 1 < reply.length; index += 2) {
      fields.set(String(reply[index]), String(reply[index + 1]))
    }
  }
  return { version: plain(fields.get('version')), role: plain(fields.get('role')) }
}

/** Whoever answers may answer anything; what is no version and no role is none. */
function plain(text: string | undefined): string | undefined {
  return text !== undefined && /^[\w.+-]{1,32}$/.test(text) ? text : undefined
}
