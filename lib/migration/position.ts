import type { Progress, StepProgress } from './progress.js'
import type { StepId } from './records.js'
import type { Way } from './server-way.js'
import type { Step } from './step.js'

/** The way of before the migration. */
export const START: Way = { transport: 'plain', login: 'today' }

/** The way before a step: what the steps of this migration that come earlier have made of it. */
export function wayBefore(steps: readonly Step[], id: StepId): Way {
  const end = steps.findIndex((step) => step.id === id)
  return steps.slice(0, end).reduce((way, step) => step.wayAfter(way), START)
}

export function wayAfter(steps: readonly Step[], id: StepId): Way {
  const step = steps.find((entry) => entry.id === id)
  const before = wayBefore(steps, id)
  return step === undefined ? before : step.wayAfter(before)
}

/**
 * How the server is reached now, after whatever run and crash: at each moment of each step one of the two ways
 * is certain to work, the old one until everything of the new one is there, the new one until nothing of it
 * has gone.
 */
export function presentWay(steps: readonly Step[], progress: Progress): Way {
  const current = progress.standing.at(-1)
  if (current === undefined) return START
  return newWayWorks(current) ? wayAfter(steps, current.step) : wayBefore(steps, current.step)
}

/** Whether everything that the step adds is there. */
export function newWayWorks({ stage, expand }: StepProgress): boolean {
  return stage !== 'started' && stage !== 'closing' && expand.every(({ state }) => state === 'applied')
}

/** Whether the step is on its way back. */
export function isReturning({ stage }: StepProgress): boolean {
  return stage === 'returning' || stage === 'reopened' || stage === 'closing'
}
