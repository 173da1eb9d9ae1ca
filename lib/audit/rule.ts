import type { FolderFacts } from './facts.js'
import type { FindingLevel, RuleSeverity } from './level.js'
import type { LiveFacts } from './live-facts.js'
import type { Position } from './position.js'

/** The families of rules, in the order of the catalogue. */
export const FAMILIES = {
  AUT: 'Authentication',
  ACL: 'Access control lists',
  NET: 'Network',
  TLS: 'TLS and certificates',
  CFG: 'Configuration',
  LIM: 'Limits',
  LOG: 'Logging',
  PER: 'Persistence',
  VER: 'Versions',
  FIL: 'Files',
  CMP: 'Containers',
} as const

export type Family = keyof typeof FAMILIES

/** Such as `AUT-001`. Ids are stable: configuration, comments and suppressions cite them. */
export type RuleId = `${Family}-${string}`

/** One place where a rule is broken. Messages name things, never a secret. */
export interface Hit {
  readonly at: Position
  readonly message: string
  /** Where this place weighs more or less than the rule does in general. */
  readonly severity?: RuleSeverity | undefined
}

/** One thing that a live server shows; `setting` names the directive or user whose line would fix it. */
export interface LiveHit {
  readonly message: string
  readonly severity?: RuleSeverity | undefined
  readonly setting?: string | undefined
}

/** One side of a rule: where the evidence lies, and the predicate that finds it (absent until written). */
export interface Evidence<Facts, Found> {
  readonly looksAt: string
  readonly find?: ((facts: Facts) => Iterable<Found>) | undefined
}

/**
 * A rule of the catalogue: data, with pure predicates over facts. No predicate reads a file or a socket,
 * so that the same rule judges a folder, a live server and a test's hand-made facts.
 */
export interface Rule {
  readonly id: RuleId
  /** What is wrong, as a noun phrase. */
  readonly title: string
  readonly severity: RuleSeverity
  readonly why: string
  /** How an attacker, or an accident, makes use of it. */
  readonly exploit: string
  readonly remedy: string
  /** Addresses of the source: Redis documentation, CIS, OWASP, DISA, RFC, CVE. */
  readonly reference: readonly string[]
  readonly files?: Evidence<FolderFacts, Hit> | undefined
  readonly live?: Evidence<LiveFacts, LiveHit> | undefined
}

/** A broken rule at a place. */
export interface Finding {
  readonly rule: RuleId
  readonly severity: RuleSeverity
  readonly level: FindingLevel
  readonly at: Position
  readonly message: string
}
