import type { FindKeyServers } from '../redis/key-servers.js'
import { rewriteStrings, type RewriteCounts, type RewriteOptions, type RewriteProgress } from './rewrite.js'

/** How far a walk has come on each server, by its name: a cursor of SCAN, or `end`. */
export type WalkPlace = Readonly<Record<string, string>>

const END = 'end'
const NOTHING: RewriteCounts = { looked: 0, changed: 0, kept: 0, overtaken: 0, gone: 0, moved: 0 }

export interface WalkOptions extends Pick<
  RewriteOptions,
  'prefix' | 'wants' | 'change' | 'onExchanged' | 'keysPerSecond' | 'signal'
> {
  /** The servers that have keys, asked for when the walk begins. */
  readonly find: FindKeyServers
  /** Where to go on: `place` of an earlier progress or report. What it does not name begins at the beginning. */
  readonly place?: WalkPlace | undefined
  readonly onProgress?: ((progress: WalkProgress) => void) | undefined
}

export interface WalkProgress extends Omit<RewriteProgress, 'cursor'> {
  /** Everything before it is done: a later walk may begin here. */
  readonly place: WalkPlace
}

export interface WalkReport extends RewriteCounts {
  /** False where the signal stopped it: `place` says where to go on. */
  readonly finished: boolean
  readonly place: WalkPlace
  /** It went from beginning to end on every server, and no slot moved meanwhile: no key can have gone past it. */
  readonly whole: boolean
}

/**
 * {@link rewriteStrings} on every server that has keys, all at the same time; the rate is for all of them together.
 *
 * Rejects with a CacheError where one of them refuses or is away; the others stop then. The place of the last
 * progress says where to go on.
 */
export async function walkServers(options: WalkOptions): Promise<WalkReport> {
  const { find, place: from = {}, keysPerSecond, signal, onProgress, ...work } = options
  const { servers, groupOf, slots } = await find()
  const before = await slots()
  const started = performance.now()
  const failure = new AbortController()
  const seen = new Map<string, RewriteProgress>()
  const place = new Map<string, string>(
    servers.map(({ name }): [string, string] => [name, from[name] ?? '0']),
  )
  const left = servers.filter(({ name }) => place.get(name) !== END)
  const counts = (): RewriteCounts => [...seen.values()].reduce(sum, NOTHING)
  const walks = left.map(async ({ name, client }) => {
    const note = (progress: RewriteProgress): void => {
      seen.set(name, progress)
      place.set(name, progress.cursor === '0' ? END : progress.cursor)
    }
    const report = await rewriteStrings({
      ...work,
      client,
      groupOf,
      cursor: place.get(name),
      keysPerSecond: keysPerSecond === undefined ? undefined : keysPerSecond / left.length,
      signal: signal === undefined ? failure.signal : AbortSignal.any([signal, failure.signal]),
      onProgress(progress) {
        note(progress)
        onProgress?.({
          ...counts(),
          place: Object.fromEntries(place),
          fraction: fractionOf([...seen.values()], left.length),
          elapsedMs: performance.now() - started,
        })
      },
    }).catch((error: unknown) => {
      failure.abort()
      throw error
    })
    // Beyond the last progress: what was done of a page in the middle of which it was stopped.
    seen.set(name, { fraction: 0, elapsedMs: 0, ...seen.get(name), ...report })
    return report
  })
  const settled = await Promise.allSettled(walks)
  const failed = settled.find((walk) => walk.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  const finished = settled.every((walk) => walk.status === 'fulfilled' && walk.value.finished)
  const isFromStart = servers.every(({ name }) => (from[name] ?? '0') === '0')
  const isSteady = before !== undefined && before === (await slots())
  return {
    ...counts(),
    finished,
    place: Object.fromEntries(place),
    whole: finished && isFromStart && isSteady,
  }
}

function sum(one: RewriteCounts, other: RewriteCounts): RewriteCounts {
  return {
    looked: one.looked + other.looked,
    changed: one.changed + other.changed,
    kept: one.kept + other.kept,
    overtaken: one.overtaken + other.overtaken,
    gone: one.gone + other.gone,
    moved: one.moved + other.moved,
  }
}

/** As if all servers had as many keys. */
function fractionOf(seen: readonly RewriteProgress[], servers: number): number {
  return seen.reduce((total, { fraction }) => total + fraction, 0) / servers
}
