/**
 * What `/status`, `/events` and `/stream` send, as far as this page reads it.
 *
 * @typedef {'pass' | 'warn' | 'fail' | 'unknown' | 'not_applicable'} CheckState
 *
 * @typedef {object} Check
 * @property {string} id
 * @property {CheckState} state
 * @property {string} observed
 * @property {string} source
 * @property {string | null} observed_at
 * @property {string | null} remedy
 *
 * @typedef {{ from: string, to: string }} Interval  ISO 8601
 *
 * @typedef {object} Timeline
 * @property {string} from
 * @property {number} bucket_minutes
 * @property {{ source: 'server' | 'own', since: string, lost: Interval[], counts: number[] }} failed_logins
 * @property {number[]} decrypt_failures
 * @property {number[]} acl_denied
 * @property {{ from: string, to: string | null }[]} outages
 *
 * @typedef {object} Latency
 * @property {string} op
 * @property {number} count
 * @property {number} mean_ms
 * @property {number | null} p95_ms
 *
 * @typedef {object} Activity
 * @property {string} now
 * @property {string} observed_since
 * @property {number} interval_seconds
 * @property {string | null} key_in_use_since
 * @property {{ evicted_keys: number, rejected_connections: number } | null} server
 * @property {Timeline} timeline
 * @property {{ hits: number, misses: number, failed: number, legacy_reads: Readonly<Record<string, number>>, latency: Latency[] }} operations
 *
 * @typedef {object} CacheStatus
 * @property {string} key_prefix
 * @property {'redis' | 'memory'} backend
 * @property {boolean} secured
 * @property {{ protocol: string | null, certificate_valid_from: string | null, certificate_expires_at: string | null }} tls
 * @property {{ primary_key_id: string | null, accepted_key_ids: string[], algorithm: string | null }} encryption
 * @property {{ user: string | null }} acl
 * @property {{ connections: { active_count: number } }} summary
 * @property {Check[]} checks
 * @property {{ severity: 'warning' | 'critical', variable: string | null, message: string }[]} warnings
 * @property {Activity} activity
 *
 * @typedef {{ type: string, at: string, severity: 'info' | 'warning' | 'critical' }} StatusEvent
 */

/**
 * One cache is sent as it is, several under `caches`.
 * @param {unknown} body
 * @returns {CacheStatus[]}
 */
export function cachesOf(body) {
  const status = /** @type {CacheStatus & { caches?: CacheStatus[] }} */ (body)
  return status.caches ?? [status]
}
