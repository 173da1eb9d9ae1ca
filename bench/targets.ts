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
  /** NaN where it was not measured: peers are played where they are installed, and not in a quick run. */
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

type WantedOfPeers = readonly [...Wanted, peers: readonly string[]]

const SEALING_STORE = ['secure-store-redis']
const PLAIN_CACHES = ['keyv', 'cacheable', 'cache-manager', 'bentocache']

const PEERS: readonly WantedOfPeers[] = [
  ['against secure-store-redis, 1 in flight', 1, 1.2, (cell) => cell.concurrency === 1, SEALING_STORE],
  ['against secure-store-redis, 16 in flight', 1.4, 2, (cell) => cell.concurrency === 16, SEALING_STORE],
  ['against secure-store-redis, 256 in flight', 1.8, 2.5, (cell) => cell.concurrency === 256, SEALING_STORE],
  [
    'against node-redis + TLS + the same sealing, from 16 in flight',
    1.5,
    2.5,
    (cell) => cell.concurrency > 1,
    ['node-redis + TLS + sealing'],
  ],
  [
    `against the fastest of ${PLAIN_CACHES.join(', ')} in plaintext, 1 KiB, from 16 in flight`,
    1.2,
    1.7,
    (cell) => cell.concurrency > 1 && cell.size === 1024,
    PLAIN_CACHES,
  ],
]

/** What the full suite must reach beside plain ioredis, and what it reached. */
export function targets({ results, plan, express }: Measured): readonly Target[] {
  const single = plan.cells.filter(({ operation }) => !operation.endsWith('Many'))
  const throughput = THROUGHPUT.map(([name, must, aim, wanted]): Target => {
    const ratios = single.filter(wanted).map((cell) => results.ratio(FULL_SUITE, cell, 'perSecond').median)
    return { name, must, aim, kind: 'at least', reached: geometricMean(ratios) }
  })
  const peers = PEERS.map(([name, must, aim, wanted, names]): Target => {
    const ratios = names.flatMap((peer) => {
      const cells = single.filter((cell) => wanted(cell) && results.has(peer, cell))
      const each = cells.map((cell) => results.throughputBeside([FULL_SUITE, peer], cell))
      return each.length === 0 ? [] : [geometricMean(each)]
    })
    const reached = ratios.length === 0 ? Number.NaN : Math.min(...ratios)
    return { name, must, aim, kind: 'at least', reached }
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
    ...peers,
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
