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
  const shown = atMost(MAX_ALIKE, findings)
  const files = facts.files.filter(({ kind }) => kind !== 'other').length
  const remarks = facts.remarks.toSorted((a, b) => comparePositions(a.at, b.at))
  return { findings: shown, remarks, files }
}

function* judge(rule: Rule, facts: FolderFacts): Generator<Finding> {
  for (const { at, message, severity = rule.severity } of rule.files?.find?.(facts) ?? []) {
    yield { rule: rule.id, severity, level: LEVEL_OF_SEVERITY[severity], at, message }
  }
}

/** Of one rule in one file: nobody reads more, and a file made for it would give a line for each of its own. */
const MAX_ALIKE = 100

function atMost(most: number, findings: readonly Finding[]): readonly Finding[] {
  const counts = new Map<string, number>()
  const key = ({ rule, at }: Finding): string => `${rule} ${at.file}`
  const shown = findings.filter((finding) => {
    const count = (counts.get(key(finding)) ?? 0) + 1
    counts.set(key(finding), count)
    return count <= most
  })
  const last = new Map(shown.map((finding) => [key(finding), finding]))
  return shown.map((finding) => {
    const more = (counts.get(key(finding)) ?? 0) - most
    return more > 0 && last.get(key(finding)) === finding
      ? { ...finding, message: `${finding.message} (and ${more} more like it in this file)` }
      : finding
  })
}
