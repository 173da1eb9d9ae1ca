import type { CheckState } from '../monitor/checks/verdict.js'
import type { ConfigProblem } from '../errors.js'
import type { Evidence } from './evidence.js'
import { CATCH_ALL, LINES, type Judged, type LineRule } from './lines.js'

/** One line of the checklist. `remedy` is null where nothing is to be done. */
export interface ChecklistLine {
  readonly id: string
  readonly state: Exclude<CheckState, 'not_applicable'>
  readonly observed: string
  readonly remedy: string | null
}

/**
 * Judges what was seen of a running setup, line by line, in the order in which a person works through them.
 * Pure: the same evidence gives the same lines. Nothing in them is a secret.
 */
export function checklist(evidence: Evidence): readonly ChecklistLine[] {
  return LINES.map((rule) => {
    const judged = 'seen' in evidence ? rule.judge(evidence.seen, evidence) : refused(rule, evidence.problems)
    const [worst = NOTHING] = judged.toSorted((a, b) => WEIGHT[b.state] - WEIGHT[a.state])
    // What is wrong is told in full; what is fine in all its parts as well, but not beside something wrong.
    const told = judged.filter(({ state }) => state === worst.state)
    const remedies = [...new Set(told.flatMap(({ remedy }) => remedy ?? []))]
    return {
      id: rule.id,
      state: worst.state,
      observed: [...new Set(told.map(({ observed }) => observed))].join('; '),
      remedy: remedies.length === 0 ? null : remedies.join('; '),
    }
  })
}

/** Whether a setup may go into operation: a warning leaves the choice, what is not known does not. */
export function isFit(lines: readonly ChecklistLine[]): boolean {
  return lines.every(({ state }) => state === 'pass' || state === 'warn')
}

const WEIGHT: Readonly<Record<ChecklistLine['state'], number>> = { pass: 0, warn: 1, unknown: 2, fail: 3 }
const NOTHING: Judged = { state: 'unknown', observed: 'nothing was looked at' }

/** Settings that cannot be used: each problem belongs to one line, and nothing else was tried. */
function refused({ id }: LineRule, problems: readonly ConfigProblem[]): readonly Judged[] {
  const own = problems.filter(({ name }) => id === lineOf(name))
  return own.length === 0
    ? [{ state: 'unknown', observed: 'not tried: the settings cannot be used' }]
    : own.map(({ name, message }) => ({ state: 'fail', observed: `${name}: ${message}`, remedy: REMEDY }))
}

function lineOf(name: string): string {
  return LINES.find(({ settings }) => settings.test(name))?.id ?? CATCH_ALL
}

const REMEDY = 'see docs/configuration.md; `secure-cache init` makes a complete set'
