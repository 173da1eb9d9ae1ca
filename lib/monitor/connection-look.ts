import type { ConnectionFacts } from '../redis/connection-facts.js'
import type { ConnectionSeen, TlsSeen } from './observations.js'

/** What the checks need of a connection's facts. */
export function connectionSeen(facts: ConnectionFacts): ConnectionSeen {
  return {
    up: facts.status === 'up',
    errorCode: facts.lastErrorCode,
    authenticated: facts.authenticatedAs !== undefined,
    user: facts.authenticatedAs,
    tls: facts.tls === undefined ? undefined : tlsSeen(facts.tls),
    serverVersion: facts.serverVersion,
  }
}

function tlsSeen({
  protocol,
  cipher,
  authorized,
  certificate,
}: NonNullable<ConnectionFacts['tls']>): TlsSeen {
  return {
    protocol: protocol ?? 'unknown protocol',
    cipher: cipher ?? 'unknown cipher',
    authorized,
    certificateExpiresAt: certificate === undefined ? undefined : new Date(certificate.validTo),
    certificateValidFrom: certificate === undefined ? undefined : new Date(certificate.validFrom),
  }
}
