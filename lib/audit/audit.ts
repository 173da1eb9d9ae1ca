import type { FolderFacts, Remark } from './facts.js'
import { LEVEL_OF_SEVERITY } from './level.js'
import { comparePositions } from './position.js'
import type { Finding, Rule } from './rule.js'
import { RULES } from './rules.js'

/** What a check found, and what it has to say beside the rules. */
export interface AuditReport {
  readonly findings: readonly Finding[]
  readonly remarks: readonly Remark[]
  /** How many files were read. */
  readonly files: number
}

/** Judges a folder's facts by the catalogue. Pure: the same facts give the same report. */
export function auditFolder(facts: FolderFacts, rules: readonly Rule[] = RULES): AuditReport {
  const findings = rules
    .flatMap((rule) => [...judge(rule, facts)])
    .toSorted((a, b) => comparePositions(a.at, b.at) || (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : 0))
  const files = facts.files.filter(({ kind }) => kind !== 'other').length
  const remarks = facts.remarks.toSorted((a, b) => comparePositions(a.at, b.at))
  return { findings, remarks, files }
}

function* judge(rule: Rule, facts: FolderFacts): Generator<Finding> {
  for (const { at, message, severity = rule.severity } of rule.files?.find?.(facts) ?? []) {
    yield { rule: rule.id, severity, level: LEVEL_OF_SEVERITY[severity], at, message }
  }
}
