import { CacheError, isCacheError } from '../errors.js'
import type { ServerVersion } from '../redis/versions.js'
import { apply, contentOf, describe, restore, sameContent, type Change } from './changes.js'
import { isReturning, newWayWorks, wayAfter, wayBefore } from './position.js'
import type { ChangeProgress, StepProgress } from './progress.js'
import type { JournalRecord, Side, Stage } from './records.js'
import { persistServerFiles } from './saved-file.js'
import { itemName } from './server-state.js'
import type { Session } from './session.js'
import type { Step, StepContext, Use } from './step.js'
import type { Waiter } from './waiting.js'

/** What a run tells while it works. Names and numbers, never values. */
export type RunEvent =
  | { readonly type: 'step'; readonly step: Step; readonly direction: 'there' | 'back' }
  | { readonly type: 'change'; readonly text: string }
  | { readonly type: 'waiting'; readonly step: Step; readonly who: string; readonly count: number }
  | {
      readonly type: 'instruction'
      readonly step: Step
      readonly direction: 'there' | 'back'
      readonly text: string
    }
  | { readonly type: 'progress'; readonly what: string; readonly done: number; readonly fraction?: number }
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'finished'; readonly step: Step; readonly direction: 'there' | 'back' }

/** Work on the values themselves, both ways. Done again it finds nothing left to do. */
export interface ValueWork {
  seal(): Promise<void>
  /** Comes before anybody is told to write plain values again. */
  settle(): Promise<void>
  open(): Promise<void>
}

export interface RunnerParts {
  readonly session: Session
  /** Those of this migration, in their order. */
  readonly steps: readonly Step[]
  /** The context of a step that begins now. */
  readonly context: () => Promise<StepContext>
  readonly waiter: Waiter
  readonly values: ValueWork
  readonly prepare: () => Promise<void>
  readonly tell: (event: RunEvent) => void
}

/**
 * Takes steps there and back. Whatever it does is in the journal before it is done, so that a run that ends
 * anywhere, by a crash too, is gone on with from there, in either direction.
 */
export class Runner {
  readonly #parts: RunnerParts
  /** Said once a run: it holds for every change. */
  #note: string | undefined

  constructor(parts: RunnerParts) {
    this.#parts = parts
  }

  /** Takes one step to its end. @throws {CacheError} ERR_MIGRATION_… */
  async forward(step: Step): Promise<void> {
    const { session, tell, waiter } = this.#parts
    const stage = session.progress.stageOf(step.id)
    if (stage === 'done') return
    waiter.throwIfStopped()
    tell({ type: 'step', step, direction: 'there' })
    if (stage === undefined || stage === 'rolled-back') await this.#begin(step)
    const current = this.#current(step)
    if (isReturning(current)) {
      throw new CacheError(
        'ERR_MIGRATION_REFUSED',
        `the step ${step.id} is on its way back: finish that with secure-cache migrate rollback`,
      )
    }
    // Whoever was seen to be gone, before a crash, may have come back since.
    if (current.stage === 'contracting' && untouched(current.contract)) await this.#reach(step, 'expanded')
    if (current.stage === 'started') await this.#expand(step)
    if (current.stage === 'expanded') await this.#changeOver(step)
    if (current.stage === 'contracting') await this.#contract(step)
    tell({ type: 'finished', step, direction: 'there' })
  }

  /** Takes one step back to what was before it. @throws {CacheError} ERR_MIGRATION_… */
  async back(step: Step): Promise<void> {
    const { session, tell, waiter } = this.#parts
    const stage = session.progress.stageOf(step.id)
    if (stage === undefined || stage === 'rolled-back') return
    waiter.throwIfStopped()
    tell({ type: 'step', step, direction: 'back' })
    const current = this.#current(step)
    if (!isReturning(current)) await this.#reach(step, 'returning')
    if (current.stage === 'closing' && current.expand.every(({ state }) => state === 'applied')) {
      await this.#reach(step, 'reopened')
    }
    if (current.stage === 'returning') await this.#reopen(step)
    if (current.stage === 'reopened') await this.#leave(step)
    if (current.stage === 'closing') await this.#close(step)
    tell({ type: 'finished', step, direction: 'back' })
  }

  async #begin(step: Step): Promise<void> {
    const {
      steps,
      session: { server },
      context,
    } = this.#parts
    await server.use(wayBefore(steps, step.id))
    const { expand, contract } = step.changes(await context())
    await this.#record({ type: 'step', step: step.id, at: now(), expand, contract })
  }

  async #expand(step: Step): Promise<void> {
    const {
      steps,
      session: { server },
      prepare,
    } = this.#parts
    await server.use(wayBefore(steps, step.id))
    if (step.id === 'preparation') await prepare()
    await this.#applyAll(step, 'expand')
    await this.#reach(step, 'expanded')
  }

  /** The new way is there: everybody changes over to it. */
  async #changeOver(step: Step): Promise<void> {
    const {
      steps,
      session: { server },
      values,
    } = this.#parts
    await server.use(wayAfter(steps, step.id))
    await this.#check(step.afterExpand)
    await this.#instruct(step, 'there')
    if (step.values === 'seal') await values.seal()
    await this.#waitFor(step, step.oldUse)
    await this.#reach(step, 'contracting')
  }

  async #contract(step: Step): Promise<void> {
    const { steps, session } = this.#parts
    await session.server.use(wayAfter(steps, step.id))
    const since = performance.now()
    await this.#applyAll(step, 'contract')
    await this.#endOldUse(step)
    try {
      await this.#check(step.afterContract, since)
    } catch (error) {
      if (isCacheError(error) && error.code === 'ERR_MIGRATION_CHECK') await this.#reconsider(step)
      throw error
    }
    await this.#reach(step, 'done')
  }

  /** Who came the old way in the last moment: that connection would stay, with rights that are gone. */
  async #endOldUse({ oldUse, endsConnections }: Step): Promise<void> {
    if (oldUse === undefined || endsConnections !== true) return
    const { session, context } = this.#parts
    const parts = await context()
    for (const client of await session.server.clients()) {
      if (oldUse.uses(client, parts)) await session.server.ask('CLIENT', 'KILL', 'ID', client.id)
    }
  }

  /** What was taken away is still needed: both ways are there again, as before. */
  async #reconsider(step: Step): Promise<void> {
    await this.#undoAll(step, 'contract')
    await this.#reach(step, 'expanded')
    this.#parts.tell({ type: 'note', text: 'both ways are open again; run again when that is settled' })
  }

  async #reopen(step: Step): Promise<void> {
    const {
      steps,
      session: { server },
    } = this.#parts
    const current = this.#current(step)
    await server.use(newWayWorks(current) ? wayAfter(steps, step.id) : wayBefore(steps, step.id))
    await this.#undoAll(step, 'contract')
    if (newWayWorks(current)) await this.#check(step.afterReopen)
    await this.#reach(step, 'reopened')
  }

  /** Everybody returns to the old way. */
  async #leave(step: Step): Promise<void> {
    const {
      steps,
      session: { server },
      values,
    } = this.#parts
    const current = this.#current(step)
    if (newWayWorks(current)) {
      await server.use(wayAfter(steps, step.id))
      if (step.values === 'seal') await values.settle()
      await this.#instruct(step, 'back')
      if (step.values === 'seal') await values.open()
      // Our own connection is one of those that have to leave.
      await server.use(wayBefore(steps, step.id))
      await this.#waitFor(step, step.newUse)
    }
    await this.#reach(step, 'closing')
  }

  async #close(step: Step): Promise<void> {
    const {
      steps,
      session: { server },
    } = this.#parts
    await server.use(wayBefore(steps, step.id))
    await this.#undoAll(step, 'expand')
    await this.#reach(step, 'rolled-back')
  }

  async #applyAll(step: Step, side: Side): Promise<void> {
    const { session, tell, waiter } = this.#parts
    const { server, progress, hold } = session
    const { version } = session.facts
    const changes = progress.changesOf(step.id, side)
    for (const [index, entry] of changes.entries()) {
      if (entry.state === 'applied') continue
      waiter.throwIfStopped()
      await hold.confirm()
      const at = { step: step.id, side, index }
      if (entry.before === undefined || entry.state === 'undone') {
        await this.#record({ type: 'intent', ...at, before: await contentOf(server, entry.change) })
      }
      tell({ type: 'change', text: describe(entry.change) })
      await this.#apply(version, entry.change)
      await this.#record({ type: 'applied', ...at, after: await contentOf(server, entry.change) })
    }
    if (changes.length > 0) await this.#persist()
  }

  async #apply(version: ServerVersion, change: Change): Promise<void> {
    try {
      await apply(this.#parts.session.server, version, change)
    } catch (error) {
      if (!isCacheError(error) || error.code !== 'ERR_REDIS_REPLY') throw error
      const files = change.name.startsWith('tls-') ? ' (can it read its certificate, key and authority?)' : ''
      throw new CacheError(
        'ERR_MIGRATION_CHECK',
        `the server refused to ${describe(change)}${files}: its log says why; then run again, or take the step back`,
      )
    }
  }

  async #undoAll(step: Step, side: Side): Promise<void> {
    const { session, tell } = this.#parts
    const { server, progress, hold } = session
    const { version } = session.facts
    const touched = [...progress.changesOf(step.id, side).entries()].filter(
      ([, { state }]) => state !== 'planned' && state !== 'undone',
    )
    for (const [index, entry] of touched.toReversed()) {
      await hold.confirm()
      const at = { step: step.id, side, index }
      const content = entry.before ?? null
      await this.#record({ type: 'undoing', ...at })
      tell({ type: 'change', text: `restore ${itemName(entry.change.kind, entry.change.name)}` })
      await restore(server, version, { item: entry.change, content })
      await this.#confirmRestored(entry)
      await this.#record({ type: 'undone', ...at })
    }
    if (touched.length > 0) await this.#persist()
  }

  async #confirmRestored({ change, before }: ChangeProgress): Promise<void> {
    const found = await contentOf(this.#parts.session.server, change)
    if (sameContent(found, before ?? null)) return
    throw new CacheError(
      'ERR_MIGRATION_CHECK',
      `the ${itemName(change.kind, change.name)} did not come back as it was: look at it, then run the rollback again`,
    )
  }

  async #persist(): Promise<void> {
    const { session, tell } = this.#parts
    const persisted = await persistServerFiles(session)
    const note = persisted.outcome === 'done' ? undefined : persisted.note
    if (note !== undefined && note !== this.#note) tell({ type: 'note', text: note })
    this.#note = note
  }

  async #check(check: Step['afterExpand'], since = performance.now()): Promise<void> {
    const { session, context, waiter } = this.#parts
    const { settleMs } = waiter
    if (check !== undefined)
      await check({ context: await context(), server: session.server, settleMs, since })
  }

  async #instruct(step: Step, direction: 'there' | 'back'): Promise<void> {
    const { tell, context, waiter } = this.#parts
    const text = step.application?.(await context())[direction]
    if (text === undefined) return
    tell({ type: 'instruction', step, direction, text })
    if (step.values !== undefined) await waiter.confirmed({ step, direction, text })
  }

  async #waitFor(step: Step, use: Use | undefined): Promise<void> {
    if (use === undefined) return
    const {
      session: { server },
      waiter,
      tell,
      context,
    } = this.#parts
    const parts = await context()
    await waiter.untilNobody({
      who: use.who,
      count: async () => (await server.clients()).filter((client) => use.uses(client, parts)).length,
      onCount: (count) => tell({ type: 'waiting', step, who: use.who, count }),
    })
  }

  #current(step: Step): StepProgress {
    const current = this.#parts.session.progress.steps.get(step.id)
    if (current === undefined) throw new TypeError(`the step ${step.id} has not begun`)
    return current
  }

  async #reach(step: Step, stage: Stage): Promise<void> {
    await this.#record({ type: 'reached', step: step.id, at: now(), stage })
  }

  async #record(record: JournalRecord): Promise<void> {
    await this.#parts.session.record(record)
  }
}

function untouched(changes: readonly ChangeProgress[]): boolean {
  return changes.length > 0 && changes.every(({ state }) => state === 'planned' || state === 'undone')
}

function now(): string {
  return new Date().toISOString()
}
