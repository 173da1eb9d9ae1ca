import type { Load } from '../cli/benchmark/window.js'
import type { Access } from './access.js'

export type OperationKind = 'get' | 'set' | 'getMany' | 'setMany'

/** What the parent asks of a child. */
export type Task =
  | { readonly do: 'open'; readonly variant: string; readonly access: Access }
  | { readonly do: 'fill'; readonly size: number }
  | ({ readonly do: 'run'; readonly operation: OperationKind; readonly size: number } & Load)
  | { readonly do: 'memory' }
  | { readonly do: 'close' }

/** Bytes: of the process as the system sees it, and of what it still holds. */
export interface Memory {
  readonly resident: number
  readonly held: number
}

export type Answer = { readonly result: unknown } | { readonly failed: string }
