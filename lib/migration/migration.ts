import { openPrefixes } from '../access/earlier-prefixes.js'
import type { KeyRing } from '../crypto/key-ring.js'
import { CacheError } from '../errors.js'
import { connectTo, FORGOTTEN, type ConnectOptions } from './connecting.js'
import { courseOf, courseUnderWay, differencesOf } from './course.js'
import { renewDisk } from './disk.js'
import { factsOf } from './facts.js'
import { obstaclesOfFiles } from './file-rights.js'
import { Journal } from './journal.js'
import { databasesElsewhere } from './obstacles.js'
import { planFor, type Plan } from './plan.js'
import { prepare } from './preparation.js'
import { Progress } from './progress.js'
import type { StepId } from './records.js'
import { Runner, type RunEvent, type ValueWork } from './runner.js'
import { restoreServerFiles } from './saved-file.js'
import { openSession, type Session } from './session.js'
import { obstaclesOfSettings } from './settings-obstacles.js'
import type { ServerTlsFiles, Step, StepContext } from './step.js'
import {
  openValues,
  sealValues,
  settleValues,
  type ValueWorkOptions,
  type ValueWorkReport,
} from './value-work.js'
import { Waiter, type WaiterOptions } from './waiting.js'

export interface MigrationOptions extends Omit<ConnectOptions, 'steps'> {
  /** Ready. Seals the journal and the values. */
  readonly keyRing: KeyRing
  /** Where journal and backup lie. */
  readonly folder: string
  /** As the server finds them. */
  readonly tlsFiles?: ServerTlsFiles | undefined
  /** age recipients of the backup, `age1…`. */
  readonly recipients: readonly string[]
  readonly waiting: WaiterOptions
  readonly tell: (event: RunEvent) => void
  /** Takes what somebody else changed in between as it is. */
  readonly acceptChanges?: boolean | undefined
  /** Databases other than 0 belong to somebody else, and stay as they are. */
  readonly leavesDatabases?: boolean | undefined
}

/** Where a migration stands, from its journal alone. */
export interface MigrationStatus {
  /** ISO 8601; absent before it has begun. */
  readonly begunAt: string | undefined
  readonly steps: readonly { readonly id: StepId; readonly title: string; readonly stage: string }[]
  /** Name of the file in the folder. */
  readonly backup: string | undefined
}

/** What the work on values leaves as it is, and why: for the report. */
const LEFT = [
  [
    'left',
    'they are no JSON (a Fernet token is sealed when it is read), or larger than CACHE_MAX_VALUE_BYTES once sealed',
  ],
  ['foreign', 'no cache gives such names'],
  ['collisions', 'they lie under earlier names, and their keys have sealed values already'],
] as const satisfies readonly (readonly [keyof ValueWorkReport, string])[]

/** The migration of one server: planned, taken step by step, and taken back. */
export class Migration {
  /** Those that the settings ask for now, in their order; of a migration under way {@link status} knows them. */
  readonly steps: readonly Step[]
  readonly #options: MigrationOptions

  constructor(options: MigrationOptions) {
    this.#options = options
    this.steps = courseOf(options.settings).steps
  }

  /** What would happen. Changes nothing, on the server or on disk. */
  async plan(): Promise<Plan> {
    const progress = new Progress((await Journal.read(this.#options)) ?? [])
    const course = courseUnderWay(this.#options.settings, progress)
    const { server } = await connectTo({ ...this.#options, ...course }, progress)
    try {
      const facts = await factsOf(server, { measures: progress.backup === undefined })
      return await this.#planFor({ server, facts, progress, course })
    } finally {
      await server.close()
    }
  }

  /** Where it stands. Needs no server. */
  async status(): Promise<MigrationStatus> {
    const progress = new Progress((await Journal.read(this.#options)) ?? [])
    const { steps } = courseUnderWay(this.#options.settings, progress)
    return {
      begunAt: progress.begun?.at,
      backup: progress.backup?.file,
      steps: steps.map(({ id, title }) => ({ id, title, stage: progress.stageOf(id) ?? 'to do' })),
    }
  }

  /**
   * Goes on from wherever the last run ended: through the step, or the next one that is not done. Rejects with
   * ERR_MIGRATION_… where something stands in the way; what was done until then is in the journal.
   */
  async run({ through }: { readonly through?: StepId | undefined } = {}): Promise<void> {
    await this.#session(
      async (session) => {
        const { progress, course } = session
        // Each time: a replica may have come since the last run.
        await this.#refuseObstacles(session)
        const next = course.steps.find(({ id }) => progress.stageOf(id) !== 'done')?.id
        const last = course.steps.findIndex(({ id }) => id === (through ?? next))
        const runner = this.#runner(session)
        for (const step of course.steps.slice(0, last + 1)) await runner.forward(step)
      },
      { goesBack: false },
    )
  }

  /** Takes the latest step back, or every one down to that one, itself included. */
  async rollback({ downTo }: { readonly downTo?: StepId | undefined } = {}): Promise<void> {
    await this.#session(
      async (session) => {
        const end = downTo ?? session.progress.standing.at(-1)?.step
        const first = session.course.steps.findIndex(({ id }) => id === end)
        if (first < 0) return
        const runner = this.#runner(session)
        for (const step of session.course.steps.slice(first).toReversed()) await runner.back(step)
      },
      { goesBack: true },
    )
  }

  async #session(
    work: (session: Session) => Promise<void>,
    { goesBack }: { readonly goesBack: boolean },
  ): Promise<void> {
    const session = await openSession({ ...this.#options, goesBack })
    try {
      await work(session)
      const { progress, journal } = session
      if (progress.begun === undefined || progress.standing.length > 0) return
      // Their bytes of before do not have what somebody else has changed since.
      const notes = progress.hasAccepted ? [] : await restoreServerFiles(progress)
      for (const text of notes) this.#options.tell({ type: 'note', text })
      // Last: until here a crash finds a journal that says that everything is undone.
      await journal.retire()
    } finally {
      await session.close()
    }
  }

  #runner(session: Session): Runner {
    const { waiting, tell } = this.#options
    const { server, course } = session
    return new Runner({
      session,
      steps: course.steps,
      context: async () => this.#context({ server, course, facts: await factsOf(server) }),
      waiter: new Waiter(waiting),
      values: this.#values(session),
      prepare: () => prepare(session, this.#options),
      tell,
    })
  }

  #values({ server, facts, course: { settings } }: Session): ValueWork {
    const { keyRing, tell, waiting } = this.#options
    const work = (what: string): ValueWorkOptions => ({
      connect: () => server.open(server.way, 'values'),
      keyPrefix: settings.redis.keyPrefix,
      // Whatever their date: a way back may be taken after it.
      earlierPrefixes: settings.cache.legacyPrefixes,
      keyRing,
      maxBytes: settings.cache.maxValueBytes,
      signal: waiting.signal,
      onProgress: ({ changed, fraction }) => tell({ type: 'progress', what, done: changed, fraction }),
    })
    const note = (text: string): void => tell({ type: 'note', text })
    const report = (what: string, counts: ValueWorkReport): void => {
      const left = LEFT.flatMap(([name, why]) =>
        counts[name] === 0 ? [] : [`, ${counts[name]} left as they are: ${why}`],
      )
      note(`${counts.changed} values ${what}${left.join('')}`)
    }
    return {
      async seal() {
        report('sealed', await sealValues(work('values sealed')))
        const elsewhere = databasesElsewhere(facts)
        if (elsewhere.length > 0)
          note(`beside database 0 all is left as it is, plain: ${elsewhere.join(', ')}`)
        const files = await renewDisk(server, waiting)
        if (files.length > 0) note(`its files on disk hold sealed values now (${files.join(', ')})`)
      },
      settle: () => settleValues(work('values settled')),
      open: async () => report('opened', await openValues(work('values opened'))),
    }
  }

  #context({ server, facts, course }: Pick<Session, 'server' | 'facts' | 'course'>): StepContext {
    const { settings, users, hashes } = course
    return {
      destination: server.destination,
      version: facts.version,
      state: facts.state,
      keyPrefix: settings.redis.keyPrefix,
      earlierPrefixes: openPrefixes(settings.cache, Date.now()),
      users,
      hashes,
      tlsFiles: this.#options.tlsFiles,
    }
  }

  async #planFor(seen: Pick<Session, 'server' | 'facts' | 'progress' | 'course'>): Promise<Plan> {
    const { facts, progress, course } = seen
    const { steps } = course
    const context = this.#context(seen)
    return planFor({
      steps,
      context,
      facts,
      progress,
      leavesDatabases: this.#options.leavesDatabases === true,
      obstacles: [
        ...(progress.hasForgotten ? [FORGOTTEN] : []),
        ...differencesOf(this.#options.settings, progress),
        ...(progress.stageOf('preparation') === 'done'
          ? []
          : [...obstaclesOfSettings(context, steps), ...(await obstaclesOfFiles(facts))]),
      ],
    })
  }

  async #refuseObstacles(session: Session): Promise<void> {
    const { obstacles, remarks } = await this.#planFor(session)
    const isNew = session.progress.begun === undefined
    for (const text of isNew ? remarks : []) this.#options.tell({ type: 'note', text })
    if (obstacles.length === 0) return
    const lines = obstacles.map((text) => `  ${text}`).join('\n')
    throw new CacheError(
      'ERR_MIGRATION_REFUSED',
      `the migration cannot ${isNew ? 'begin' : 'go on'}:\n${lines}`,
    )
  }
}
