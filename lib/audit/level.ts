/** How much a rule weighs, from DISA's and CIS's categories down to a hint. */
export type RuleSeverity = 'critical' | 'high' | 'medium' | 'low' | 'info'

/** What a person, an editor and an exit code make of it. */
export type FindingLevel = 'error' | 'warning' | 'info'

export const LEVEL_OF_SEVERITY: Readonly<Record<RuleSeverity, FindingLevel>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'info',
  info: 'info',
}
