import { geometricMean } from '../cli/benchmark/statistics.js'
import type { Cell, Plan } from './plan.js'
import type { Results } from './results.js'
import { FULL_SUITE } from './variants.js'

export interface Target {
  readonly name: string
  readonly must: number
  readonly aim: number
  /** A ratio to be reached, or a bound not to be passed. */
  readonly kind: 'at least' | 'at most'
  readonly reached: number
}

export interface Measured {
  readonly results: Results
  readonly plan: Plan
  readonly express: ReadonlyMap<string, number>
}

type Wanted = readonly [name: string, must: number, aim: number, cells: (cell: Cell) => boolean]

const THROUGHPUT: readonly Wanted[] = [
  ['1 in flight, up to 1 KiB', 0.68, 0.78, (cell) => cell.concurrency === 1 && cell.size <= 1024],
  ['16 in flight, 1 KiB', 0.88, 1.15, (cell) => cell.concurrency === 16 && cell.size === 1024],
  ['16 in flight, 200 B', 1, 1.3, (cell) => cell.concurrency === 16 && cell.size === 200],
  ['256 in flight, 1 KiB', 1.15, 1.5, (cell) => cell.concurrency === 256 && cell.size === 1024],
  ['256 in flight, 200 B', 1.3, 2, (cell) => cell.concurrency === 256 && cell.size === 200],
  ['10 KiB GET, 16 and 256 in flight', 0.6, 0.8, (cell) => isTenKib(cell, 'get')],
  ['10 KiB SET, 16 and 256 in flight', 0.8, 1, (cell) => isTenKib(cell, 'set')],
]

/** What the full suite must reach beside plain ioredis, and what it reached. */
export function targets({ results, plan, express }: Measured): readonly Target[] {
  const single = plan.cells.filter(({ operation }) => !operation.endsWith('Many'))
  const throughput = THROUGHPUT.map(([name, must, aim, wanted]): Target => {
    const ratios = single.filter(wanted).map((cell) => results.ratio(FULL_SUITE, cell, 'perSecond').median)
    return { name, must, aim, kind: 'at least', reached: geometricMean(ratios) }
  })
  const ours = express.get(FULL_SUITE) ?? Number.NaN
  const base = express.get('ioredis') ?? Number.NaN
  return [
    ...throughput,
    bound('p99, geometric mean', [1.4, 1.1], results.overall(FULL_SUITE, single, 'p99Us')),
    bound('client CPU an operation, geometric mean', [1.1, 1], results.overall(FULL_SUITE, single, 'cpuUs')),
    bound('memory above plain ioredis, MB', [10, 6], results.memoryAbove(FULL_SUITE)),
    {
      name: 'Express handler with one cached read',
      must: 0.92,
      aim: 0.98,
      kind: 'at least',
      reached: ours / base,
    },
  ]
}

export function isReached({ kind, must, reached }: Target): boolean {
  return kind === 'at least' ? reached >= must : reached <= must
}

function bound(name: string, [must, aim]: readonly [number, number], reached: number): Target {
  return { name, must, aim, kind: 'at most', reached }
}

function isTenKib({ operation, size, concurrency }: Cell, wanted: string): boolean {
  return operation === wanted && size === 10_240 && concurrency > 1
}
