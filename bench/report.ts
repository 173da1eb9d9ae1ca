import type { Plan } from './plan.js'
import { cellName } from './plan.js'
import type { Figure, Results } from './results.js'
import type { SanityRow } from './sanity.js'
import { isReached, targets } from './targets.js'
import { BASELINE, FULL_SUITE } from './variants.js'

/** What is said to be the price of security: a third of the throughput, twice the p99. */
const CLAIM = { throughput: 0.7, p99: 2, cpu: 1.43, memoryMb: 10 }
const LAYERS = ['+ password', '+ TLS', FULL_SUITE]

export interface Run {
  readonly plan: Plan
  readonly variants: readonly string[]
  readonly results: Results
  readonly express: ReadonlyMap<string, number>
  readonly sanity: readonly SanityRow[]
  readonly server: string
}

/** The whole report as Markdown, which a terminal shows as well. */
export function report(run: Run): string {
  const { results } = run
  return [
    `Node ${process.version}, ${run.server.split(' ').slice(0, 3).join(' ')}, ${results.measured} windows of ` +
      `${run.plan.windowMs} ms, ${results.repeated} repeated, ${results.foreign} kept in which the machine was not ours.`,
    section(
      'Throughput, as a ratio to plain ioredis in the same round (± half of the middle half)',
      ratioTable(run),
    ),
    section('p50 and p99, microseconds', latencyTable(run)),
    section('Processor time an operation, client + server, microseconds', cpuTable(run)),
    section('Memory after the load, MB above plain ioredis', memoryTable(run)),
    section('Express, requests per second with one cached read', expressTable(run)),
    section('What is said to be the price', overheadTable(run)),
    section('Targets', targetTable(run)),
  ].join('\n\n')
}

/** Whether every row of the overhead table, the absolute ones included, passes. */
export function passes(run: Run): boolean {
  return LAYERS.every((name) => overhead(run, name).passes) && run.sanity.every((row) => row.passes)
}

function ratioTable({ plan, variants, results }: Run): string {
  return table(
    ['', ...variants],
    plan.cells.map((cell) => [
      cellName(cell),
      ...variants.map((variant) => {
        if (!results.has(variant, cell)) return '–'
        if (variant === BASELINE) return `${Math.round(results.value(variant, cell, 'perSecond'))}/s`
        const { median, spread } = results.ratio(variant, cell, 'perSecond')
        return `${median.toFixed(2)} ±${spread.toFixed(2)}`
      }),
    ]),
  )
}

const latencyTable = (run: Run): string => pairTable(run, ['p50Us', 'p99Us'], ' / ')

const cpuTable = (run: Run): string => pairTable(run, ['cpuUs', 'serverCpuUs'], ' + ')

/** Two medians in a cell. */
function pairTable(
  { plan, variants, results }: Run,
  [first, second]: readonly [Figure, Figure],
  between: string,
): string {
  return table(
    ['', ...variants],
    plan.cells.map((cell) => [
      cellName(cell),
      ...variants.map((variant) =>
        results.has(variant, cell)
          ? `${us(results.value(variant, cell, first))}${between}${us(results.value(variant, cell, second))}`
          : '–',
      ),
    ]),
  )
}

function memoryTable({ variants, results }: Run): string {
  const row = (name: string, kind: 'resident' | 'held'): string[] => [
    name,
    ...variants.map((variant) => results.memoryAbove(variant, kind).toFixed(1)),
  ]
  return table(['', ...variants], [row('resident', 'resident'), row('held', 'held')])
}

function expressTable({ express }: Run): string {
  return table([...express.keys()], [[...express.values()].map((rate) => String(Math.round(rate)))])
}

function overhead(
  { plan, results }: Run,
  name: string,
): { readonly cells: readonly string[]; readonly passes: boolean } {
  const throughput = results.overall(name, plan.cells, 'perSecond')
  const p99 = results.overall(name, plan.cells, 'p99Us')
  const cpu = results.overall(name, plan.cells, 'cpuUs')
  const memory = results.memoryAbove(name)
  const isGood =
    throughput >= CLAIM.throughput && p99 <= CLAIM.p99 && cpu <= CLAIM.cpu && memory <= CLAIM.memoryMb
  return {
    cells: [
      name,
      ...[throughput, p99, cpu].map((ratio) => ratio.toFixed(2)),
      memory.toFixed(1),
      verdict(isGood),
    ],
    passes: isGood,
  }
}

function overheadTable(run: Run): string {
  const said = `said: ${CLAIM.throughput} · ${CLAIM.p99} · ${CLAIM.cpu} · ${CLAIM.memoryMb} MB`
  return [
    table(
      [said, 'throughput', 'p99', 'client CPU', 'memory, MB', ''],
      [[BASELINE, '1', '1', '1', '0', 'baseline'], ...LAYERS.map((name) => [...overhead(run, name).cells])],
    ),
    table(
      ['absolute', 'ms', ''],
      run.sanity.map(({ name, ms, passes: isGood }) => [name, ms.toFixed(0), verdict(isGood)]),
    ),
  ].join('\n\n')
}

function targetTable(run: Run): string {
  return table(
    ['', 'must', 'aim', 'reached', ''],
    targets(run).map((target) => [
      target.name,
      String(target.must),
      String(target.aim),
      Number.isNaN(target.reached) ? '–' : target.reached.toFixed(2),
      Number.isNaN(target.reached) ? 'not played' : isReached(target) ? 'reached' : 'missed',
    ]),
  )
}

function verdict(isGood: boolean): string {
  return isGood ? 'pass' : 'fail'
}

function us(microseconds: number): string {
  return microseconds < 100 ? microseconds.toFixed(1) : String(Math.round(microseconds))
}

function section(title: string, text: string): string {
  return `### ${title}\n\n${text}`
}

/** A Markdown table whose columns stand under each other. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) =>
    Math.max(3, name.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}
