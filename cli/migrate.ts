import { Argument, Option, type Command } from 'commander'
import type { Migration, MigrationStatus } from '../lib/migration/migration.js'
import { STEP_IDS, type StepId } from '../lib/migration/records.js'
import { interruptible } from './interruption.js'
import {
  withChangingOptions,
  withMigrationOptions,
  type ChangingOptions,
  type MigrationCommandOptions,
} from './migration-options.js'
import type { openMigration } from './open-migration.js'
import { planText, statusText } from './migration-text.js'
import { print, QuietFailure, say } from './report.js'

interface RunOptions extends ChangingOptions {
  readonly all?: boolean | undefined
}

/** `secure-cache migrate`: an open server with live data becomes a secured one, with a way back at every step. */
export function addMigrate(program: Command): void {
  const migrate = program
    .command('migrate')
    .description('secure a live Redis step by step, without downtime and with a way back')
  withMigrationOptions(
    migrate.command('plan').description('say what would be done, in which order, and what only you can do'),
  ).action(async (options: MigrationCommandOptions) => {
    await plan(options)
  })
  withChangingOptions(
    migrate
      .command('run')
      .description('take the next step, or go on with the one that was interrupted')
      .addArgument(stepArgument('go on through this step (default: the next one)')),
  )
    .option('-a, --all', 'take every step')
    .option('-n, --dry-run', 'say what would be done, and do nothing')
    .action(async (step: StepId | undefined, options: RunOptions) => {
      if (options.dryRun === true) return plan(options)
      const through = options.all === true ? STEP_IDS.at(-1) : step
      return work('there', options, through)
    })
  withChangingOptions(
    migrate
      .command('rollback')
      .description('take the latest step back, to exactly what was before it')
      .addArgument(stepArgument('take back every step down to this one (default: the latest)')),
  )
    .option('-a, --all', 'take every step back')
    .addOption(new Option('-n, --dry-run', 'say what would be done, and do nothing'))
    .action(async (step: StepId | undefined, options: RunOptions) => {
      if (options.dryRun === true) return status(options)
      return work('back', options, options.all === true ? STEP_IDS[0] : step)
    })
  withMigrationOptions(
    migrate.command('status').description('say where the migration stands; needs no server'),
  ).action(async (options: MigrationCommandOptions) => {
    await status(options)
  })
}

function stepArgument(description: string): Argument {
  return new Argument('[step]', description).choices(STEP_IDS)
}

async function plan(options: MigrationCommandOptions): Promise<void> {
  const migration = await opened(options)
  const planned = await migration.plan()
  print(options.json === true ? JSON.stringify(planned, null, 2) : planText(planned))
  if (planned.obstacles.length === 0) return
  say('error: the migration cannot begin yet: see what is in its way above')
  throw new QuietFailure()
}

async function status(options: MigrationCommandOptions): Promise<void> {
  const migration = await opened(options)
  const found = await migration.status()
  print(options.json === true ? JSON.stringify(found, null, 2) : statusText(found))
}

async function work(
  direction: 'there' | 'back',
  options: RunOptions,
  step: StepId | undefined,
): Promise<void> {
  const { display } = await import('./migration-display.js')
  const { stepOf } = await import('../lib/migration/steps.js')
  const shown = await display({ json: options.json === true, direction })
  await interruptible({
    onStop: shown.stopping,
    async work(signal) {
      const migration = await opened(options, { tell: shown.tell, signal })
      // A setting may leave a step out: the one before it is then the last.
      const found = await migration.status()
      const ids = found.steps.map(({ id }) => id)
      const target = step === undefined ? undefined : nearest(step, ids, direction)
      await shown.during(stepsAhead(found, { direction, target }).map(stepOf), () =>
        direction === 'there' ? migration.run({ through: target }) : migration.rollback({ downTo: target }),
      )
      if (options.json !== true) print(statusText(await migration.status()))
    },
  })
}

/** The steps that a run will take, in the order of the migration. */
function stepsAhead(
  { steps }: MigrationStatus,
  { direction, target }: { readonly direction: 'there' | 'back'; readonly target: StepId | undefined },
): readonly StepId[] {
  const ahead = steps.filter(({ stage }) =>
    direction === 'there' ? stage !== 'done' : stage !== 'to do' && stage !== 'rolled-back',
  )
  const end = target ?? (direction === 'there' ? ahead[0] : ahead.at(-1))?.id
  const at = steps.findIndex(({ id }) => id === end)
  const within = direction === 'there' ? steps.slice(0, at + 1) : steps.slice(at)
  return ahead.filter((step) => within.includes(step)).map(({ id }) => id)
}

/** Loaded when it runs: --help needs no connection. */
async function opened(
  options: MigrationCommandOptions & Partial<ChangingOptions>,
  listener: Parameters<typeof openMigration>[1] = { tell: ignore },
): Promise<Migration> {
  const { openMigration: open } = await import('./open-migration.js')
  return open(options, listener)
}

function nearest(step: StepId, present: readonly StepId[], direction: 'there' | 'back'): StepId | undefined {
  const order =
    direction === 'there'
      ? STEP_IDS.slice(0, STEP_IDS.indexOf(step) + 1).toReversed()
      : STEP_IDS.slice(STEP_IDS.indexOf(step))
  return order.find((id) => present.includes(id))
}

function ignore(): void {
  // Looking tells nothing on the way.
}
