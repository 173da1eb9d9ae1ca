import type { AuditReport } from './audit.js'
import type { Position } from './position.js'
import type { FindingLevel } from './level.js'

/**
 * What reads our text in an editor: the problem matcher that the generated VS Code tasks carry. A line without
 * an id is a remark beside the rules.
 */
export const PROBLEM_PATTERN = /^(.+?):(\d+):(\d+): (error|warning|info): (.*?)(?: \[([A-Z]{2,4}-\d{3})\])?$/

export interface Summary {
  readonly error: number
  readonly warning: number
  readonly info: number
}

/** How many of each level, remarks beside the rules included. */
export function summarise({ findings, remarks }: AuditReport): Summary {
  const count = (wanted: FindingLevel): number =>
    [...findings, ...remarks].filter(({ level }) => level === wanted).length
  return { error: count('error'), warning: count('warning'), info: count('info') }
}

/** One line a finding: `file:line:column: severity: message [ID]`. */
export function formatText({ findings, remarks }: AuditReport): string {
  const lines = [
    ...findings.map(
      ({ at, level, message, rule }) => `${place(at)}: ${level}: ${oneLine(message)} [${rule}]`,
    ),
    ...remarks.map(({ at, level, message }) => `${place(at)}: ${level}: ${oneLine(message)}`),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

/** The same as data. */
export function formatJson(report: AuditReport): string {
  const findings = report.findings.map(({ rule, severity, level, at, message }) => ({
    rule,
    severity,
    level,
    ...at,
    message,
  }))
  const remarks = report.remarks.map(({ at, level, message }) => ({ level, ...at, message }))
  return `${JSON.stringify({ summary: summarise(report), files: report.files, findings, remarks }, null, 2)}\n`
}

function place({ file, line, column }: Position): string {
  return `${oneLine(file)}:${line}:${column}`
}

/** A name of a file may hold anything but NUL and a slash: it must not forge a line or steer a terminal. */
export function oneLine(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (c) => `\\u{${c.codePointAt(0)?.toString(16) ?? ''}}`,
  )
}
