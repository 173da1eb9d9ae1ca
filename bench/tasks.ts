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

export type Answer = { readonly result: unknown } | { readonly failed: string }
