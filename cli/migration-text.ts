import type { MigrationStatus } from '../lib/migration/migration.js'
import type { Plan, PlannedStep } from '../lib/migration/plan.js'
import type { RunEvent } from '../lib/migration/runner.js'

/** The plan for people: what is in the way first, then each step. */
export function planText({ steps, obstacles, remarks, withNextRestart }: Plan): string {
  return [
    ...section('in the way', obstacles),
    ...steps.flatMap((step, index) => stepLines(step, index + 1)),
    ...section('good to know', remarks),
    ...section('with the next restart, from the generated redis.conf', withNextRestart),
    'every step can be taken back: secure-cache migrate rollback',
  ].join('\n')
}

function stepLines(step: PlannedStep, number: number): readonly string[] {
  const { id, title, gain, stage, adds, takesAway, waitsFor, application } = step
  return [
    `${number}. ${title} (${id})${stage === undefined ? '' : `: ${stage}`}`,
    `   gain         ${gain}`,
    ...(adds.length === 0 ? [] : [`   adds         ${adds.join(', ')}`]),
    ...(application === undefined ? [] : [`   you          ${application}`]),
    ...(waitsFor === undefined ? [] : [`   waits until  there are no ${waitsFor}`]),
    ...(takesAway.length === 0 ? [] : [`   then         ${takesAway.join(', ')}`]),
    '   restart      not needed',
    '',
  ]
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `   ${line}`), '']
}

/** Where the migration stands, one step a line. */
export function statusText({ begunAt, steps, backup }: MigrationStatus): string {
  return [
    begunAt === undefined ? 'not begun' : `begun ${begunAt}`,
    ...(backup === undefined ? [] : [`backup ${backup}`]),
    ...steps.map(({ id, stage }) => `${id.padEnd(16)}${stage}`),
  ].join('\n')
}

/** One event as a line. */
export function eventText(event: RunEvent): string {
  if (event.type === 'step') {
    return `${event.direction === 'there' ? 'step' : 'back'} ${event.step.id}: ${event.step.title}`
  }
  if (event.type === 'finished') return `${event.direction === 'there' ? 'done' : 'undone'} ${event.step.id}`
  return `  ${detailText(event)}`
}

function detailText(event: Exclude<RunEvent, { type: 'step' | 'finished' }>): string {
  if (event.type === 'waiting') return `waiting ${event.step.id}: ${event.count} ${event.who}`
  if (event.type === 'instruction') return `now you: ${event.text}`
  if (event.type === 'note') return `note: ${event.text}`
  if (event.type === 'change') return event.text
  const share = event.fraction === undefined ? '' : ` (${Math.floor(event.fraction * 100)} %)`
  return `${event.done} ${event.what}${share}`
}

/** One event for other programs: the step by its id. */
export function eventJson(event: RunEvent): string {
  return JSON.stringify('step' in event ? { ...event, step: event.step.id } : event)
}
