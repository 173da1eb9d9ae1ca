import leven from 'leven'
import type { Rule } from '../lib/audit/rule.js'
import { findRule, RULES } from '../lib/audit/rules.js'
import { UsageError } from './usage-error.js'

/**
 * The text for a rule, or the list.
 *
 * @throws {UsageError} for an id that is none
 */
export function explain(id: string | undefined): string {
  if (id === undefined) return RULES.map(inOneLine).join('\n')
  const rule = findRule(id)
  if (rule === undefined) {
    const [nearest] = RULES.map((candidate) => candidate.id).toSorted(
      (a, b) => leven(a, id.toUpperCase()) - leven(b, id.toUpperCase()),
    )
    throw new UsageError(
      'there is no such rule',
      `did you mean ${nearest ?? ''}? secure-cache explain lists all`,
    )
  }
  return inFull(rule)
}

function inOneLine({ id, severity, title }: Rule): string {
  return `${id}  ${severity.padEnd(8)}  ${title}`
}

function inFull(rule: Rule): string {
  const rows: readonly (readonly [name: string, text: string | undefined])[] = [
    ['why', rule.why],
    ['exploit', rule.exploit],
    ['remedy', rule.remedy],
    ['files', rule.files?.looksAt],
    ['server', rule.live?.looksAt],
    ...rule.reference.map((address) => ['see', address] as const),
  ]
  const lines = rows.flatMap(([name, text]) => (text === undefined ? [] : [`${name.padEnd(8)}${text}`]))
  return [`${rule.id}: ${rule.title} (${rule.severity})`, '', ...lines].join('\n')
}
