import type { AuditReport } from './audit.js'
import type { Position } from './position.js'
import { oneLine } from './report.js'
import { LEVEL_OF_SEVERITY, type FindingLevel, type RuleSeverity } from './level.js'
import type { Rule } from './rule.js'
import { RULES } from './rules.js'

const LEVELS: Readonly<Record<FindingLevel, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  info: 'note',
}

/** GitHub's scale of security severity (code scanning, "security-severity"). */
const SECURITY_SEVERITY: Readonly<Record<RuleSeverity, string>> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '3.0',
  info: '1.0',
}

/** SARIF 2.1.0 (OASIS), for code scanning and editors. */
export function formatSarif(report: AuditReport): string {
  const used = new Set(report.findings.map(({ rule }) => rule))
  const rules = RULES.filter(({ id }) => used.has(id))
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'secure-cache check',
            informationUri: 'https://www.npmjs.com/package/express-secure-cache',
            rules: rules.map(describe),
          },
        },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: report.remarks.every(({ level }) => level !== 'error'),
            toolExecutionNotifications: report.remarks.map(({ at, level, message }) => ({
              level: LEVELS[level],
              message: { text: oneLine(message) },
              locations: [location(at)],
            })),
          },
        ],
        results: report.findings.map(({ rule, level, at, message }) => ({
          ruleId: rule,
          ruleIndex: rules.findIndex(({ id }) => id === rule),
          level: LEVELS[level],
          message: { text: oneLine(message) },
          locations: [location(at)],
        })),
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

function describe({ id, title, severity, why, exploit, remedy, reference }: Rule) {
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: why },
    help: { text: `${why}\n\nHow it is used: ${exploit}\n\nRemedy: ${remedy}` },
    ...(reference[0] === undefined ? {} : { helpUri: reference[0] }),
    defaultConfiguration: { level: LEVELS[LEVEL_OF_SEVERITY[severity]] },
    properties: { 'security-severity': SECURITY_SEVERITY[severity], tags: ['security', 'redis'] },
  }
}

function location({ file, line, column }: Position) {
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(file) },
      region: { startLine: line, startColumn: column },
    },
  }
}

/** A relative path as a relative reference, an absolute one as a file URI; always with `/`. */
function uriOf(file: string): string {
  // A lone surrogate in a name would throw in encodeURIComponent; through UTF-8 it becomes U+FFFD.
  const wellFormed = Buffer.from(file, 'utf8').toString('utf8')
  const path = wellFormed.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/')
  const drive = /^([A-Za-z])%3A(\/.*)$/.exec(path)
  if (drive !== null) return `file:///${drive[1] ?? ''}:${drive[2] ?? ''}`
  return path.startsWith('/') ? `file://${path}` : path
}
