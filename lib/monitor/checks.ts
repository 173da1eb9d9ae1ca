import { accessCheck, authenticationCheck, denialsCheck, loginFailuresCheck } from './checks/login-checks.js'
import { certificateCheck, isolationCheck, tlsCheck } from './checks/network-checks.js'
import {
  availabilityCheck,
  configurationCheck,
  encryptionCheck,
  storedValuesCheck,
} from './checks/cache-checks.js'
import type { CheckRule, CheckState } from './checks/verdict.js'
import type { Evidence } from './observations.js'

/** One line of the status: what was seen, when, by which means, and what to do where it is not fine. */
export interface Check {
  readonly id: string
  readonly state: CheckState
  readonly observed: string
  /** By which means it was seen. */
  readonly source: string
  /** ISO 8601; null where nothing was seen yet. */
  readonly observed_at: string | null
  /** What to do; null where nothing is to be done. */
  readonly remedy: string | null
}

/** The checks, in the order in which a person wants to read them. The first five have a boolean of their own. */
export const CHECKS = [
  authenticationCheck,
  tlsCheck,
  encryptionCheck,
  isolationCheck,
  loginFailuresCheck,
  availabilityCheck,
  certificateCheck,
  accessCheck,
  denialsCheck,
  storedValuesCheck,
  configurationCheck,
] as const satisfies readonly CheckRule[]

export type CheckId = (typeof CHECKS)[number]['id']

/** Judges what was gathered. Pure: the same evidence gives the same checks. */
export function runChecks(evidence: Evidence): Check[] {
  return CHECKS.map((rule) => judge(rule, evidence))
}

/** The booleans of the status: true only where the check passes; unknown and not applicable are false. */
export function passes(checks: readonly Check[], id: CheckId): boolean {
  return checks.some((check) => check.id === id && check.state === 'pass')
}

function judge(rule: CheckRule, evidence: Evidence): Check {
  const applies = rule.backends.includes(evidence.backend)
  const verdict = applies
    ? rule.judge(evidence)
    : { state: 'not_applicable' as const, observed: 'the memory backend has no server' }
  return {
    id: rule.id,
    state: verdict.state,
    observed: verdict.observed,
    source: rule.source,
    observed_at: verdict.at === undefined ? null : new Date(verdict.at).toISOString(),
    remedy: verdict.remedy ?? null,
  }
}
