import type { EventType, SecurityEvent, Severity } from '../events.js'
import type { EventMonitor } from './security-monitor.js'

/** Alert thresholds within an hour: reached, not exceeded. */
export interface AlertThresholds {
  readonly authFailuresPerHour: number
  readonly encryptionErrorsPerHour: number
  readonly connectionFailuresPerHour: number
}

/** What a rule may look at beside the event. */
export interface AlertContext {
  readonly monitor: Pick<EventMonitor, 'count'>
  readonly thresholds: AlertThresholds
}

/** A redis-cli line that reaches this server, in backticks. */
export type Cli = (person: 'operator' | 'admin', command: string) => string

/** When somebody is told, about what, and how often at most. */
export interface AlertRule<T extends EventType = EventType> {
  readonly kind: string
  readonly on: readonly T[]
  readonly severity: Severity
  readonly title: string
  /** What to do, with the command to type. */
  readonly remedy: (cli: Cli) => string
  /** For so long after an alert nothing of its kind is sent; then what was held back is one message. */
  readonly cooldownMs: number
  /** For so long what happens is gathered before the first message; 1 s where absent. */
  readonly gatherMs?: number | undefined
  /** Ends the gathering without a message: it is over. */
  readonly calledOffBy?: EventType | undefined
  /** Whether different messages stand side by side; otherwise the latest replaces the one before. */
  readonly collects?: boolean | undefined
  /** What happened, in words; undefined where it is no reason for an alert. */
  readonly read: (event: SecurityEvent<T>, context: AlertContext) => string | undefined
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** Longer than the window of the thresholds, so that what was told is not counted a second time. */
const BEYOND_THE_HOUR = HOUR + 2 * MINUTE
/** What is told once a day may come a little early. */
const ALMOST_A_DAY = 23 * HOUR

const INCIDENTS = 'docs/incident-response.md'

/** Every kind of alert (docs/monitoring.md, and the thresholds of SECURITY_…_PER_HOUR). */
export const ALERT_RULES: readonly AlertRule[] = [
  rule({
    kind: 'brute_force',
    on: ['auth.brute_force'],
    severity: 'critical',
    title: 'Somebody may be guessing passwords',
    remedy: (cli) =>
      `See who and from where: ${cli('operator', 'ACL LOG 10')} (${INCIDENTS}, "Suspicious logins").`,
    cooldownMs: 15 * MINUTE,
    collects: true,
    read: ({ source, failures, window }) =>
      source === 'own'
        ? `${String(failures)} failed of our own ${window}`
        : `${String(failures)} failed logins by others, ${window}`,
  }),
  rule({
    kind: 'auth_failures',
    on: ['auth.failure'],
    severity: 'warning',
    title: 'Redis refuses our login',
    remedy: (cli) =>
      `Compare the password of the application with users.acl, and whether its user is on: ${cli('operator', 'ACL LIST')}.`,
    cooldownMs: BEYOND_THE_HOUR,
    read: ({ source }, { monitor, thresholds }) =>
      source === 'own'
        ? reached(monitor.count('own_auth_failures', 1), {
            limit: thresholds.authFailuresPerHour,
            what: 'failed logins of our own',
          })
        : undefined,
  }),
  rule({
    kind: 'tampered_values',
    on: ['decrypt.failure'],
    severity: 'critical',
    title: 'Values in Redis were altered or moved',
    remedy: (cli) =>
      `Find out who can write to Redis: ${cli('operator', 'ACL LIST')} (${INCIDENTS}, "Tampered values"). The application got misses.`,
    cooldownMs: 15 * MINUTE,
    read: ({ reason }) =>
      reason === 'tag' ? 'a value did not open under its own key, although its key is known' : undefined,
  }),
  rule({
    kind: 'unknown_keys',
    on: ['decrypt.failure'],
    severity: 'warning',
    title: 'Values are sealed under a key that is not listed',
    remedy: () =>
      'Usual for a short time while a deployment replaces the key. Otherwise let every instance accept the same keys ' +
      '(`REDIS_ENCRYPTION_ACCEPTED_KEYS`).',
    cooldownMs: BEYOND_THE_HOUR,
    read: ({ reason }, { monitor, thresholds }) =>
      reason === 'unknown_key'
        ? reached(monitor.count('unknown_keys', 1), {
            limit: thresholds.encryptionErrorsPerHour,
            what: 'values under unknown keys',
          })
        : undefined,
  }),
  rule({
    kind: 'encryption_errors',
    on: ['decrypt.failure', 'encrypt.failure'],
    severity: 'warning',
    title: 'Values cannot be sealed or opened',
    remedy: () =>
      `See the reasons: \`GET /events?type=decrypt.failure\` of the status, or the log (${INCIDENTS}).`,
    cooldownMs: BEYOND_THE_HOUR,
    read: (event, { monitor, thresholds }) => {
      if (event.type === 'decrypt.failure' && TOLD_APART.has(event.reason)) return undefined
      const told = monitor.count('tampered_values', 1) + monitor.count('unknown_keys', 1)
      const all = monitor.count('decrypt_failures', 1) + monitor.count('encrypt_failures', 1)
      return reached(all - told, {
        limit: thresholds.encryptionErrorsPerHour,
        what: 'values that could not be sealed or opened',
      })
    },
  }),
  rule({
    kind: 'outage',
    on: ['redis.unavailable'],
    severity: 'warning',
    title: 'Redis has been away for a minute',
    remedy: (cli) =>
      `Bring Redis back, and try it: ${cli('operator', 'PING')}. The cache degrades meanwhile and recovers by itself.`,
    cooldownMs: HOUR,
    gatherMs: MINUTE,
    calledOffBy: 'redis.recovered',
    read: ({ errorCode }) => `reads are misses and writes are dropped (${errorCode})`,
  }),
  rule({
    kind: 'connection_failures',
    on: ['redis.unavailable'],
    severity: 'warning',
    title: 'The connection to Redis fails again and again',
    remedy: (cli) =>
      `Look at the network, at restarts of the server and at its maxclients: ${cli('operator', 'INFO server')}.`,
    cooldownMs: BEYOND_THE_HOUR,
    read: (_event, { monitor, thresholds }) =>
      reached(monitor.count('outages', 1), {
        limit: thresholds.connectionFailuresPerHour,
        what: 'failed connections',
      }),
  }),
  rule({
    kind: 'tls_failure',
    on: ['tls.failure'],
    severity: 'critical',
    title: 'The TLS connection to Redis was refused',
    remedy: () =>
      'docs/errors.md has cause and remedy of the code; `npx secure-cache certs show` has the certificates. An unknown ' +
      'authority may be an attack on the way.',
    cooldownMs: HOUR,
    read: ({ errorCode, message }) => `${errorCode}: ${message}`,
  }),
  rule({
    kind: 'certificate_expiry',
    on: ['tls.expiring'],
    severity: 'warning',
    title: 'The certificate of Redis ends soon',
    remedy: () =>
      `Renew it: \`npx secure-cache certs renew\`, then load it (${INCIDENTS}, "An expired certificate").`,
    cooldownMs: ALMOST_A_DAY,
    read: ({ daysLeft, expiresAt }) =>
      daysLeft < 0
        ? `it ended at ${expiresAt}`
        : `it ends at ${expiresAt}, whole days left: ${String(daysLeft)}`,
  }),
  rule({
    kind: 'insecure_configuration',
    on: ['config.insecure'],
    severity: 'warning',
    title: 'A setting gives up a protection',
    remedy: () =>
      'Remove the setting; docs/configuration.md says what it gives up, `npx secure-cache check .` what else is weak.',
    cooldownMs: ALMOST_A_DAY,
    collects: true,
    read: ({ variable, message }) => `${variable}: ${message}`,
  }),
  rule({
    kind: 'plaintext_client',
    on: ['server.plaintext_client'],
    severity: 'warning',
    title: 'Clients are connected to Redis without TLS',
    remedy: (cli) =>
      `Find them: ${cli('operator', 'CLIENT LIST')}. Close the port: ${cli('admin', 'CONFIG SET port 0')}, and \`port 0\` in redis.conf.`,
    cooldownMs: HOUR,
    read: ({ count, sourceIp }) =>
      `clients without TLS: ${String(count)}${sourceIp === undefined ? '' : `, one from ${sourceIp}`}`,
  }),
  rule({
    kind: 'access_denied',
    on: ['acl.denied'],
    severity: 'critical',
    title: 'Redis denied a command or a key',
    remedy: (cli) =>
      `Our own: \`npm run generate-config\`, then ${cli('operator', 'ACL LOAD')}. Somebody else's: ${cli('operator', 'ACL LOG 10')} (${INCIDENTS}, "Suspicious logins").`,
    cooldownMs: HOUR,
    collects: true,
    read: ({ source, reason, userName, object }) =>
      `${source === 'own' ? 'to us' : 'to somebody else'}: ${reason}` +
      `${object === undefined ? '' : ` "${object}"`}${userName === undefined ? '' : `, user "${userName}"`}`,
  }),
  rule({
    kind: 'access_changed',
    on: ['acl.changed'],
    severity: 'warning',
    title: 'The rights of our Redis users no longer fit their roles',
    remedy: (cli) =>
      `Compare ${cli('operator', 'ACL LIST')} with the generated users.acl; ACL LOAD puts the file back.`,
    cooldownMs: HOUR,
    read: ({ userName, change }) => `${userName}: ${change}`,
  }),
]

/** Reasons that have a kind of their own. */
const TOLD_APART: ReadonlySet<string> = new Set(['tag', 'unknown_key'])

function reached(count: number, { limit, what }: { limit: number; what: string }): string | undefined {
  return count >= limit ? `${String(count)} ${what} within an hour (limit ${String(limit)})` : undefined
}

/** A rule reads its own events alone: whoever calls it looks at `on` first. */
function rule<T extends EventType>(made: AlertRule<T>): AlertRule {
  return made as unknown as AlertRule
}
