import { addressKind } from '../address.js'
import type { ClientsSeen, Evidence, NetworkSeen } from '../observations.js'
import { redisCli } from './commands.js'
import { meaningOf } from './error-meaning.js'
import { counted, freshlySeen, judgeSeen, notConnected } from './verdict.js'
import type { CheckRule, Verdict } from './verdict.js'

const DAY_MS = 24 * 60 * 60_000
/** Days before the end at which a certificate becomes a warning, and a note (docs/rules.md, TLS-006). */
export const EXPIRY_WARNING_DAYS = 30
const EXPIRY_NOTE_DAYS = 90

const SAFE_PROTOCOLS: ReadonlySet<string> = new Set(['TLSv1.2', 'TLSv1.3'])

export const tlsCheck: CheckRule<'tls_enabled'> = {
  id: 'tls_enabled',
  backends: ['redis'],
  source: 'the live socket of the cache connection',
  judge: (evidence) =>
    judgeSeen(evidence, 'connection', ({ up, errorCode, tls }) => {
      if (!up) {
        if (errorCode?.startsWith('ERR_TLS_') !== true) return notConnected(errorCode)
        return {
          state: 'fail',
          observed: `not connected (${errorCode})`,
          remedy: `${meaningOf(errorCode)}. See the certificates: \`npx secure-cache certs show\``,
        }
      }
      if (tls === undefined) {
        return {
          state: 'fail',
          observed: 'the socket is not encrypted: passwords and key names travel in clear',
          remedy:
            'set REDIS_TLS_ENABLED=true with REDIS_TLS_CA_FILE; `npx secure-cache init` makes certificates for both sides',
        }
      }
      if (!tls.authorized) {
        return {
          state: 'fail',
          observed: `${tls.protocol}, but the server's certificate was not verified`,
          remedy:
            'give REDIS_TLS_CA_FILE and remove REDIS_UNSAFE_NO_CERTIFICATE_CHECK; `npx secure-cache certs show` has the ' +
            'authority and the names',
        }
      }
      if (!SAFE_PROTOCOLS.has(tls.protocol)) {
        return {
          state: 'fail',
          observed: `${tls.protocol} was negotiated`,
          remedy: `let Redis speak nothing older: ${redisCli(evidence, 'admin', 'CONFIG SET tls-protocols TLSv1.3')}, and write \`tls-protocols "TLSv1.3"\` in redis.conf`,
        }
      }
      return { state: 'pass', observed: `${tls.protocol}, ${tls.cipher}, certificate verified` }
    }),
}

export const certificateCheck: CheckRule<'tls_certificate'> = {
  id: 'tls_certificate',
  backends: ['redis'],
  source: "the server's certificate on the live socket",
  judge: (evidence) =>
    judgeSeen(evidence, 'connection', ({ tls, up, errorCode }) => {
      const expiresAt = tls?.certificateExpiresAt
      if (!up && errorCode === 'ERR_TLS_CERT_EXPIRED') {
        return { state: 'fail', observed: "the server's certificate has expired", remedy: renew(evidence) }
      }
      if (!up) return notConnected(errorCode)
      if (tls === undefined) return { state: 'not_applicable', observed: 'the socket is not encrypted' }
      if (expiresAt === undefined) {
        return {
          state: 'unknown',
          observed: 'the certificate shows no end',
          remedy: 'look at it: `npx secure-cache certs show`',
        }
      }
      return judgeExpiry(evidence, expiresAt)
    }),
}

/** Redis reads the files again where both are set in one command, also to the same paths (docs/redis.md). */
function renew(evidence: Evidence): string {
  const load = 'CONFIG SET tls-cert-file PATH/server.crt tls-key-file PATH/server.key'
  return (
    'renew it: `npx secure-cache certs renew`, then let Redis read both files, with the paths of its redis.conf: ' +
    `${redisCli(evidence, 'admin', load)}, or restart it (docs/incident-response.md, "An expired certificate")`
  )
}

function judgeExpiry(evidence: Evidence, expiresAt: Date): Verdict {
  const { now } = evidence
  const days = Math.floor((expiresAt.getTime() - now) / DAY_MS)
  const until = `valid until ${expiresAt.toISOString().slice(0, 10)}`
  if (expiresAt.getTime() <= now) {
    const observed = `expired on ${expiresAt.toISOString().slice(0, 10)}`
    return { state: 'fail', observed, remedy: renew(evidence) }
  }
  if (days < EXPIRY_WARNING_DAYS) {
    return { state: 'warn', observed: `${until}: ${counted(days, 'day')} left`, remedy: renew(evidence) }
  }
  return {
    state: 'pass',
    observed: days < EXPIRY_NOTE_DAYS ? `${until}: ${counted(days, 'day')} left` : until,
  }
}

export const isolationCheck: CheckRule<'network_isolated'> = {
  id: 'network_isolated',
  backends: ['redis'],
  source: "the server's addresses, a plaintext connection to its port, CLIENT LIST as user monitor",
  judge: (evidence) =>
    judgeSeen(evidence, 'network', (network) => {
      const clients = freshlySeen(evidence, 'clients')
      const exposed = exposure(evidence, network, clients)
      if (exposed !== undefined) return exposed
      const unclear = network.addresses.filter((address) => addressKind(address) === 'unknown')
      if (unclear.length > 0 || network.addresses.length === 0) {
        return {
          state: 'unknown',
          observed: "the server's address could not be told",
          remedy: 'give REDIS_HOST as a name or an address, and try it: `getent hosts NAME`',
        }
      }
      if (clients === undefined) {
        return judgeSeen(evidence, 'clients', () => ({
          state: 'unknown',
          observed: 'CLIENT LIST was not seen',
        }))
      }
      const where = network.addresses.join(', ')
      return {
        state: 'pass',
        observed: `${where}: private or loopback; nothing answers without TLS; clients on ${counted(clients.remote.length, 'host')}`,
      }
    }),
}

/** Any one of these is enough, whatever else is not known. */
function exposure(
  evidence: Evidence,
  network: NetworkSeen,
  clients: ClientsSeen | undefined,
): Verdict | undefined {
  const isPublic = (address: string): boolean => addressKind(address) === 'public'
  const reachable = network.addresses.filter(isPublic)
  if (reachable.length > 0) {
    return {
      state: 'fail',
      observed: `Redis has a public address: ${reachable.join(', ')}`,
      remedy:
        'move Redis to an internal network, publish no port, and bind it to a private address; `npm run generate-config` ' +
        'writes networks and `bind` that way',
    }
  }
  const open = network.plaintextPorts.filter(({ answers }) => answers)
  if (open.length > 0) {
    return {
      state: 'fail',
      observed: `port ${open.map(({ port }) => String(port)).join(', ')} answers without TLS`,
      remedy: closePort(evidence),
    }
  }
  const strangers = clients?.remote.filter(isPublic) ?? []
  if (strangers.length > 0) {
    return {
      state: 'fail',
      observed: `${counted(strangers.length, 'client')} from public addresses`,
      remedy: `see who: ${redisCli(evidence, 'operator', 'CLIENT LIST')}; then close the port to the outside`,
    }
  }
  if (clients !== undefined && clients.plaintext > 0) {
    return {
      state: 'fail',
      observed: `${counted(clients.plaintext, 'client')} on a port without TLS`,
      remedy: closePort(evidence),
    }
  }
  return undefined
}

/** Redis 7.0 closes a port while it runs; whoever is connected there stays until it is killed. */
function closePort(evidence: Evidence): string {
  return (
    `close it: ${redisCli(evidence, 'admin', 'CONFIG SET port 0')}, then \`CLIENT KILL TYPE normal\` in the same way, ` +
    'and write `port 0` beside `tls-port` in redis.conf'
  )
}
