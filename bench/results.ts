import { geometricMean, median, spread } from '../cli/benchmark/statistics.js'
import type { MeasuredWindow } from './contestant.js'
import { cellName, type Cell } from './plan.js'
import type { Memory } from './tasks.js'

export type Figure = 'perSecond' | 'p50Us' | 'p99Us' | 'cpuUs' | 'serverCpuUs'

/** Every window of a run, by cell and variant, in the order of the rounds. */
export class Results {
  readonly #windows = new Map<string, MeasuredWindow[]>()
  readonly #baseline: string
  readonly memory = new Map<string, Memory>()
  /** Windows that were measured again, and those that stayed although the machine was not ours. */
  repeated = 0
  foreign = 0
  measured = 0

  constructor(baseline: string) {
    this.#baseline = baseline
  }

  add(variant: string, cell: Cell, window: MeasuredWindow): void {
    const id = idOf(variant, cell)
    this.#windows.set(id, [...(this.#windows.get(id) ?? []), window])
    this.measured += 1
  }

  has(variant: string, cell: Cell): boolean {
    return this.#windows.has(idOf(variant, cell))
  }

  /** Median of the rounds. */
  value(variant: string, cell: Cell, figure: Figure): number {
    return median(this.#of(variant, cell).map((window) => window[figure]))
  }

  /** Median of the ratios to the baseline's window of the same round, and how far they lie apart. */
  ratio(variant: string, cell: Cell, figure: Figure): { readonly median: number; readonly spread: number } {
    const ratios = this.#ratios([variant, this.#baseline], cell, figure)
    return { median: median(ratios), spread: spread(ratios) }
  }

  /** The throughput of the first beside the second, median of the rounds. */
  throughputBeside(pair: readonly [string, string], cell: Cell): number {
    return median(this.#ratios(pair, cell, 'perSecond'))
  }

  /** The geometric mean of the cells that both have. */
  overall(variant: string, cells: readonly Cell[], figure: Figure): number {
    return geometricMean(
      cells
        .filter((cell) => this.has(variant, cell) && this.has(this.#baseline, cell))
        .map((cell) => this.ratio(variant, cell, figure).median)
        .filter(Number.isFinite),
    )
  }

  /** Megabytes above the baseline after the same load. */
  memoryAbove(variant: string, kind: keyof Memory = 'resident'): number {
    const [own, base] = [variant, this.#baseline].map((name) => this.memory.get(name)?.[kind] ?? Number.NaN)
    return ((own ?? Number.NaN) - (base ?? Number.NaN)) / 2 ** 20
  }

  #ratios([variant, base]: readonly [string, string], cell: Cell, figure: Figure): number[] {
    const beside = this.#of(base, cell)
    return this.#of(variant, cell)
      .map((window, round) => window[figure] / (beside[round]?.[figure] ?? Number.NaN))
      .filter(Number.isFinite)
  }

  #of(variant: string, cell: Cell): readonly MeasuredWindow[] {
    return this.#windows.get(idOf(variant, cell)) ?? []
  }
}

function idOf(variant: string, cell: Cell): string {
  return `${variant}|${cellName(cell)}`
}
