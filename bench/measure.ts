import { readFileSync } from 'node:fs'
import type { Contestant, MeasuredWindow } from './contestant.js'
import { cellName, type Cell, type Plan } from './plan.js'
import type { Results } from './results.js'

/** Above such a share of waiting for a processor, or of its being taken away, a window says little about us. */
const FOREIGN_SHARE = 0.05

/** What the compiler learns while it is measured would be counted against whoever comes first. */
const WARM_UP = { concurrency: 64, ms: 50 }

export interface Measuring {
  readonly contestants: readonly Contestant[]
  readonly plan: Plan
  readonly results: Results
  /** Told what comes next. */
  readonly onProgress: (text: string) => void
}

/** Plays all cells with all variants, round by round: A B C, B C A, …, so that nobody always has the same neighbour. */
export async function measure({ contestants, plan, results, onProgress }: Measuring): Promise<void> {
  const { cells, rounds, windowMs, repeats, budgetMs } = plan
  const end = performance.now() + budgetMs
  for (const size of new Set(cells.map((cell) => cell.size))) {
    onProgress(`warming up with ${size} bytes`)
    for (const contestant of contestants) {
      await contestant.fill(size)
      await warmUp(contestant, size, plan)
    }
    for (const cell of cells.filter((each) => each.size === size)) {
      onProgress(`${cellName(cell)} (${cells.indexOf(cell) + 1} of ${cells.length})`)
      const players = contestants.filter(({ hasMany }) => hasMany || !cell.operation.endsWith('Many'))
      for (const contestant of players) await play(contestant, cell, windowMs)
      for (let round = 0; round < rounds; round += 1) {
        const isLate = performance.now() > end
        if (isLate && round > 0) break
        for (const contestant of rotated(players, round)) {
          const window = await quiet(contestant, { cell, windowMs, repeats: isLate ? 0 : repeats, results })
          results.add(contestant.name, cell, window)
        }
      }
    }
  }
  onProgress('memory')
  await Promise.all(
    contestants.map(async (contestant) => results.memory.set(contestant.name, await contestant.memory())),
  )
}

async function warmUp(
  contestant: Contestant,
  size: number,
  { warmUpOperations, warmUpMs }: Plan,
): Promise<void> {
  for (const operation of ['get', 'set'] as const) {
    const end = performance.now() + warmUpMs
    let played = 0
    while (played < warmUpOperations && performance.now() < end) {
      played += (await contestant.run(operation, size, WARM_UP)).operations
    }
  }
}

interface Wish {
  readonly cell: Cell
  readonly windowMs: number
  readonly repeats: number
  readonly results: Results
}

/** The quietest of a few windows: the first in which the machine was ours, or the best of them all. */
async function quiet(
  contestant: Contestant,
  { cell, windowMs, repeats, results }: Wish,
): Promise<MeasuredWindow> {
  let best = await play(contestant, cell, windowMs)
  for (let again = 0; again < repeats && best.foreignShare > FOREIGN_SHARE; again += 1) {
    results.repeated += 1
    const window = await play(contestant, cell, windowMs)
    if (window.foreignShare < best.foreignShare) best = window
  }
  if (best.foreignShare > FOREIGN_SHARE) results.foreign += 1
  return best
}

async function play(
  contestant: Contestant,
  { operation, size, concurrency }: Cell,
  ms: number,
): Promise<MeasuredWindow> {
  const before = stolen()
  const window = await contestant.run(operation, size, { concurrency, ms })
  const after = stolen()
  const share = after.total === before.total ? 0 : (after.steal - before.steal) / (after.total - before.total)
  return { ...window, foreignShare: Math.max(window.foreignShare, share) }
}

function rotated<T>(all: readonly T[], by: number): T[] {
  const from = by % all.length
  return [...all.slice(from), ...all.slice(0, from)]
}

/** Ticks that the hypervisor took for others, and all ticks (proc(5), /proc/stat); zero where nobody tells. */
function stolen(): { readonly steal: number; readonly total: number } {
  try {
    const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n')
    const ticks = line.split(/\s+/).slice(1).map(Number)
    return { steal: ticks[7] ?? 0, total: ticks.slice(0, 8).reduce((sum, tick) => sum + tick, 0) }
  } catch {
    return { steal: 0, total: 0 }
  }
}
