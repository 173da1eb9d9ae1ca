import { describe } from './changes.js'
import { needsRestart, type ServerFacts } from './facts.js'
import { obstacles, remarks } from './obstacles.js'
import type { Progress } from './progress.js'
import type { Stage, StepId } from './records.js'
import { fromUtf8 } from './server-state.js'
import type { Step, StepContext } from './step.js'

/** One step, before it begins. */
export interface PlannedStep {
  readonly id: StepId
  readonly title: string
  readonly gain: string
  /** Absent before it has begun. */
  readonly stage: Stage | undefined
  /** Names of what is set on the server, in order; never a value. */
  readonly adds: readonly string[]
  readonly takesAway: readonly string[]
  /** Whose end is waited for in between. */
  readonly waitsFor: string | undefined
  /** What the application has to change before the old way goes. */
  readonly application: string | undefined
  /** Nothing here needs a restart of the server: all of it is set while it runs. */
  readonly restart: false
}

export interface Plan {
  readonly steps: readonly PlannedStep[]
  /** While there is one, nothing begins. */
  readonly obstacles: readonly string[]
  readonly remarks: readonly string[]
  /** What the next restart, from the generated redis.conf, adds. */
  readonly withNextRestart: readonly string[]
}

/** What will happen, from what the server is now. Touches nothing. */
export function planFor(parts: {
  readonly steps: readonly Step[]
  readonly context: StepContext
  readonly facts: ServerFacts
  readonly progress: Progress
  /** Reasons that lie in the settings. */
  readonly obstacles: readonly string[]
  readonly leavesDatabases: boolean
}): Plan {
  const { steps, context, facts, progress, leavesDatabases } = parts
  // What is being sealed, or is sealed, has grown already.
  const seals = steps.some(({ id, values }) => values === 'seal' && isAhead(progress.stageOf(id)))
  const ahead = { seals, backsUp: progress.backup === undefined }
  const own = Object.values(context.hashes).map(({ username }) => fromUtf8(username))
  const judged = { facts, ahead, own, leavesDatabases }
  return {
    steps: steps.map((step) => planStep(step, context, progress)),
    obstacles: [...parts.obstacles, ...obstacles(judged)],
    remarks: remarks(judged),
    withNextRestart: needsRestart(facts),
  }
}

function isAhead(stage: Stage | undefined): boolean {
  return stage === undefined || stage === 'rolled-back'
}

function planStep(step: Step, context: StepContext, progress: Progress): PlannedStep {
  const begun = progress.steps.get(step.id)
  const fresh = step.changes(context)
  const changes = (side: 'expand' | 'contract'): readonly string[] => {
    const list = begun === undefined ? fresh[side] : begun[side].map(({ change }) => change)
    return list.map(describe)
  }
  return {
    id: step.id,
    title: step.title,
    gain: step.gain,
    stage: begun?.stage,
    adds: changes('expand'),
    takesAway: changes('contract'),
    waitsFor: step.oldUse?.who,
    application: step.application?.(context).there,
    restart: false,
  }
}
