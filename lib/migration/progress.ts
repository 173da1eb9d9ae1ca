import { itemId, type ServerState } from './server-state.js'
import { sameContent, type Change, type Content, type Item } from './changes.js'
import {
  STEP_IDS,
  type FileState,
  type JournalRecord,
  type SavedFile,
  type Side,
  type Stage,
  type StepId,
} from './records.js'

/** One change of a step, and how far it is. */
export interface ChangeProgress {
  readonly change: Change
  /** Known from the moment it is intended; undefined before. */
  before: Content | undefined
  /** Known once it was applied. */
  after: Content | undefined
  state: 'planned' | 'intended' | 'applied' | 'undoing' | 'undone'
}

export interface StepProgress {
  readonly step: StepId
  stage: Stage
  readonly expand: readonly ChangeProgress[]
  readonly contract: readonly ChangeProgress[]
}

/** Where a migration stands: a fold over its journal. */
export class Progress {
  readonly steps = new Map<StepId, StepProgress>()
  begun: Extract<JournalRecord, { type: 'begun' }> | undefined
  backup: Extract<JournalRecord, { type: 'backup' }> | undefined
  /** Whether changes of somebody else's were taken as they are. */
  hasAccepted = false
  /** Whether the server has lost all that was set: then every step has only its values left to take back. */
  hasForgotten = false
  /** By path: those that the server was seen to write. */
  readonly serverFiles = new Map<string, FileState>()
  /** By the name of the item: what it is by our own last word. */
  readonly #expected = new Map<string, { readonly item: Item; readonly content: Content }>()

  constructor(records: readonly JournalRecord[] = []) {
    for (const record of records) this.take(record)
  }

  take(record: JournalRecord): void {
    switch (record.type) {
      case 'begun':
        this.begun = record
        break
      case 'backup':
        this.backup = record
        break
      case 'step':
        this.steps.set(record.step, {
          step: record.step,
          stage: 'started',
          expand: record.expand.map(planned),
          contract: record.contract.map(planned),
        })
        break
      case 'reached':
        this.#step(record.step).stage = record.stage
        break
      case 'accepted':
        this.hasAccepted = true
        for (const { content, ...item } of record.items) this.#expect(item, content)
        break
      case 'forgotten':
        this.#forget()
        break
      case 'file':
        this.serverFiles.set(record.path, record)
        break
      case 'intent':
      case 'applied':
      case 'undoing':
      case 'undone':
        this.#takeChange(record)
    }
  }

  /** Files of the server as they were. */
  get files(): readonly SavedFile[] {
    return this.begun?.files ?? []
  }

  stageOf(step: StepId): Stage | undefined {
    return this.steps.get(step)?.stage
  }

  /** Steps that have begun and are not undone, the latest last. */
  get standing(): readonly StepProgress[] {
    return STEP_IDS.flatMap((id) => {
      const progress = this.steps.get(id)
      return progress === undefined || progress.stage === 'rolled-back' ? [] : [progress]
    })
  }

  /**
   * What differs on the server from what we left there, by name. What was being set when a run ended may have
   * either content.
   */
  foreignChanges(found: ServerState): readonly Item[] {
    if (this.begun === undefined) return []
    const open = new Set(
      [...this.steps.values()]
        .flatMap(({ expand, contract }) => [...expand, ...contract])
        .filter(({ state }) => state === 'intended' || state === 'undoing')
        .map(({ change }) => itemId(change.kind, change.name)),
    )
    const expected = new Map<string, { readonly item: Item; readonly content: Content }>()
    const put = (item: Item, content: Content): void => {
      expected.set(itemId(item.kind, item.name), { item, content })
    }
    for (const [name] of found.config) put({ kind: 'config', name }, '')
    for (const [name] of found.users) put({ kind: 'user', name }, null)
    for (const [name, value] of this.begun.config) put({ kind: 'config', name }, value)
    for (const [name, rules] of this.begun.users) put({ kind: 'user', name }, rules)
    for (const { item, content } of this.#expected.values()) put(item, content)
    return [...expected].flatMap(([name, { item, content }]) =>
      open.has(name) || sameContent(present(found, item), content) ? [] : [item],
    )
  }

  changesOf(step: StepId, side: Side): readonly ChangeProgress[] {
    return this.steps.get(step)?.[side] ?? []
  }

  #takeChange(record: Extract<JournalRecord, { index: number }>): void {
    const progress = this.changesOf(record.step, record.side)[record.index]
    if (progress === undefined) return
    if (record.type === 'intent') progress.before = record.before
    if (record.type === 'applied') {
      progress.after = record.after
      this.#expect(progress.change, record.after)
    }
    if (record.type === 'undone') this.#expect(progress.change, progress.before ?? null)
    progress.state = STATES[record.type]
  }

  #forget(): void {
    this.hasForgotten = true
    this.#expected.clear()
    for (const { expand, contract } of this.steps.values()) {
      for (const change of [...expand, ...contract]) {
        if (change.state !== 'planned') change.state = 'undone'
      }
    }
  }

  #expect({ kind, name }: Item, content: Content): void {
    this.#expected.set(itemId(kind, name), { item: { kind, name }, content })
  }

  #step(step: StepId): StepProgress {
    const found = this.steps.get(step)
    if (found !== undefined) return found
    const made: StepProgress = { step, stage: 'started', expand: [], contract: [] }
    this.steps.set(step, made)
    return made
  }
}

const STATES = { intent: 'intended', applied: 'applied', undoing: 'undoing', undone: 'undone' } as const

function planned(change: Change): ChangeProgress {
  return { change, before: undefined, after: undefined, state: 'planned' }
}

function present(found: ServerState, { kind, name }: Item): Content {
  return kind === 'config' ? (found.config.get(name) ?? '') : (found.users.get(name) ?? null)
}
