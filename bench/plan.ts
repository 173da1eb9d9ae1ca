import type { OperationKind } from './tasks.js'

/** One column of the table. */
export interface Cell {
  readonly operation: OperationKind
  readonly size: number
  readonly concurrency: number
}

export interface Plan {
  readonly cells: readonly Cell[]
  readonly rounds: number
  readonly windowMs: number
  /** How often a window in which the machine was not ours is repeated, at most. */
  readonly repeats: number
  /** Operations of each kind and size that the compiler learns from before anything is measured. */
  readonly warmUpOperations: number
  /** For no longer than this, each kind and size. */
  readonly warmUpMs: number
  readonly expressMs: number
  /** When so much time is over, windows are repeated no more and the rounds that are left are left out. */
  readonly budgetMs: number
}

const MANY: readonly Cell[] = [
  { operation: 'getMany', size: 1024, concurrency: 1 },
  { operation: 'setMany', size: 1024, concurrency: 1 },
]

function grid(sizes: readonly number[]): Cell[] {
  return sizes.flatMap((size) =>
    [1, 16, 256].flatMap((concurrency) =>
      (['get', 'set'] as const).map((operation) => ({ operation, size, concurrency })),
    ),
  )
}

export const FULL: Plan = {
  cells: [...grid([200, 1024, 10_240, 102_400]), ...MANY],
  rounds: 9,
  windowMs: 150,
  repeats: 3,
  warmUpOperations: 4000,
  warmUpMs: 1500,
  expressMs: 500,
  budgetMs: 20 * 60_000,
}

/** Under a minute. */
export const QUICK: Plan = {
  cells: [...grid([200, 1024, 10_240]), ...MANY],
  rounds: 3,
  windowMs: 30,
  repeats: 1,
  warmUpOperations: 9000,
  warmUpMs: 450,
  expressMs: 150,
  budgetMs: 22_000,
}

export function cellName({ operation, size, concurrency }: Cell): string {
  const bytes = size < 1024 ? `${size} B` : `${Math.round(size / 1024)} KiB`
  return operation.endsWith('Many') ? `${operation} 100 × ${bytes}` : `${operation} ${bytes} ×${concurrency}`
}
