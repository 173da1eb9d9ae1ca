import type { MonitorSummary } from '../interface.js'
import { passes, runChecks } from './checks.js'
import type { Check } from './checks.js'
import { authFailures } from './checks/login-checks.js'
import { freshlySeen } from './checks/verdict.js'
import { STREAK_FAILURES, STREAK_LENGTH } from './login-streak.js'
import type { Evidence } from './observations.js'

/** What seals: ids are fingerprints, not keys. */
export interface EncryptionIdentity {
  /** 32 hex digits. */
  readonly primaryKeyId: string
  readonly acceptedKeyIds: readonly string[]
}

export interface StatusWarning {
  readonly severity: 'warning' | 'critical'
  /** The variable to change, where one is behind it. */
  readonly variable: string | null
  readonly message: string
}

/** The status as it is served (docs/monitoring.md): observed, not configured. Times are ISO 8601. */
export interface SecurityStatus {
  readonly backend: 'redis' | 'memory'
  /** Login, TLS and encryption all pass. */
  readonly secured: boolean
  readonly redis_authenticated: boolean
  readonly tls_enabled: boolean
  readonly encryption_enabled: boolean
  readonly network_isolated: boolean
  readonly recent_auth_failures: boolean
  readonly auth_failures: {
    readonly own: number
    readonly server: number | null
    readonly source: 'server' | 'own'
    readonly since: string
    /** Between these looks the server's counter began anew: what it had counted meanwhile is lost. */
    readonly lost: readonly { readonly from: string; readonly to: string }[]
  }
  readonly tls: {
    readonly protocol: string | null
    readonly cipher: string | null
    readonly certificate_valid_from: string | null
    readonly certificate_expires_at: string | null
    readonly verified: boolean
  }
  readonly encryption: {
    readonly primary_key_id: string | null
    readonly accepted_key_ids: readonly string[]
    readonly algorithm: string | null
  }
  readonly acl: { readonly user: string | null; readonly verified: boolean }
  readonly summary: MonitorSummary
  readonly checks: readonly Check[]
  readonly warnings: readonly StatusWarning[]
}

/** Puts the evidence into the form that is served. Pure, no I/O. */
export function buildStatus(
  evidence: Evidence,
  facts: { readonly encryption: EncryptionIdentity | undefined; readonly summary: MonitorSummary },
): SecurityStatus {
  const checks = runChecks(evidence)
  const connection = freshlySeen(evidence, 'connection')
  const failures = authFailures(evidence)
  const authenticated = passes(checks, 'redis_authenticated')
  const encrypted = passes(checks, 'encryption_enabled')
  const overTls = passes(checks, 'tls_enabled')
  return {
    backend: evidence.backend,
    secured: authenticated && overTls && encrypted,
    redis_authenticated: authenticated,
    tls_enabled: overTls,
    encryption_enabled: encrypted,
    network_isolated: passes(checks, 'network_isolated'),
    recent_auth_failures: passes(checks, 'recent_auth_failures'),
    auth_failures: {
      ...failures,
      since: iso(failures.since),
      lost: failures.lost.map(([from, to]) => ({ from: iso(from), to: iso(to) })),
    },
    tls: {
      protocol: connection?.tls?.protocol ?? null,
      cipher: connection?.tls?.cipher ?? null,
      certificate_valid_from: connection?.tls?.certificateValidFrom?.toISOString() ?? null,
      certificate_expires_at: connection?.tls?.certificateExpiresAt?.toISOString() ?? null,
      verified: connection?.tls?.authorized ?? false,
    },
    encryption: {
      primary_key_id: facts.encryption?.primaryKeyId ?? null,
      accepted_key_ids: facts.encryption?.acceptedKeyIds ?? [],
      algorithm: facts.encryption === undefined ? null : 'XAES-256-GCM',
    },
    acl: { user: connection?.user ?? null, verified: passes(checks, 'acl_role') },
    summary: facts.summary,
    checks,
    warnings: warnings(evidence),
  }
}

function iso(time: number): string {
  return new Date(time).toISOString()
}

function warnings(evidence: Evidence): StatusWarning[] {
  const configured = evidence.warnings.map(({ variable, message, insecure }) => ({
    severity: insecure ? ('critical' as const) : ('warning' as const),
    variable,
    message,
  }))
  const failures = evidence.happened.recentLoginFailures
  if (failures < STREAK_FAILURES) return configured
  const message =
    `${String(failures)} of our own last ${String(STREAK_LENGTH)} logins failed: somebody tries passwords ` +
    'through this application, or its password was changed on one side only'
  return [...configured, { severity: 'critical', variable: null, message }]
}
