/** One variant in a process of its own, so that its memory and what the compiler learnt are its own. */
import { setTimeout } from 'node:timers/promises'
import { runWindow } from '../cli/benchmark/window.js'
import { sampleValue } from '../cli/benchmark/sample-value.js'
import type { Access } from './access.js'
import type { Client } from './client.js'
import type { Answer, Memory, Task } from './tasks.js'
import { variantNamed } from './variants.js'

/** Keys of one size, so that they need not all fit into the caches of the processor. */
const KEY_BYTES = 8 * 1024 * 1024
const MAX_HUNDREDS = 5
const MANY = 100
const SETTLE_MS = 300

let client: Client | undefined
let name = ''

process.on('message', (task: Task) => {
  void answer(task)
})

async function answer(task: Task): Promise<void> {
  try {
    const result = await work(task)
    if (task.do !== 'close') process.send?.({ result } satisfies Answer)
  } catch (error) {
    // A driver's error may hold values and passwords: its name is enough to look for it.
    const failed = error instanceof Error ? `${error.name} ${codeOf(error)}` : 'failed'
    process.send?.({ failed } satisfies Answer)
  }
}

async function work(task: Task): Promise<unknown> {
  switch (task.do) {
    case 'open':
      return open(task.variant, task.access)
    case 'fill':
      return fill(task.size)
    case 'run':
      return runWindow(await operation(task.operation, task.size), task)
    case 'memory':
      return memory()
    case 'close':
      await client?.close()
      process.disconnect()
      return undefined
    default:
      throw new RangeError('no such task')
  }
}

async function open(variant: string, access: Access): Promise<readonly string[]> {
  name = variant.replace(/\W+/g, '_')
  client = await (await variantNamed(variant)).open(access)
  return 'getMany' in client && 'setMany' in client ? ['many'] : []
}

async function fill(size: number): Promise<void> {
  const opened = client
  if (opened === undefined) throw new TypeError('no client')
  const write = async (key: string, value: unknown): Promise<unknown> =>
    opened.fill === undefined ? opened.set(key, value) : opened.fill(key, value)
  for (let first = 0; first < keysOf(size); first += MANY) {
    const indexes = Array.from({ length: MANY }, (_, n) => first + n)
    await Promise.all(indexes.map((index) => write(keyOf(size, index), sampleValue(size, index))))
  }
  await opened.filled?.()
}

async function operation(
  kind: 'get' | 'set' | 'getMany' | 'setMany',
  size: number,
): Promise<(index: number) => Promise<unknown>> {
  const opened = client
  if (opened === undefined) throw new TypeError('no client')
  const keys = Array.from({ length: keysOf(size) }, (_, index) => keyOf(size, index))
  const value = sampleValue(size, 1)
  const key = (index: number): string => keys[index % keys.length] ?? ''
  const many = (index: number): string[] => Array.from({ length: MANY }, (_, n) => key(index * MANY + n))
  const operations = {
    get: async (index: number) => must((await opened.get(key(index))) !== undefined),
    set: (index: number) => opened.set(key(index), value),
    getMany: async (index: number) => must((await opened.getMany?.(many(index))) === MANY),
    setMany: async (index: number) => opened.setMany?.(many(index).map((each) => [each, value] as const)),
  }
  return operations[kind]
}

/** Twice with a pause between: memory outside of V8's heap is given back by another thread. */
async function memory(): Promise<Memory> {
  globalThis.gc?.()
  await setTimeout(SETTLE_MS)
  globalThis.gc?.()
  await setTimeout(SETTLE_MS)
  const { rss, heapUsed, external } = process.memoryUsage()
  return { resident: rss, held: heapUsed + external }
}

function keysOf(size: number): number {
  return Math.max(1, Math.min(MAX_HUNDREDS, Math.floor(KEY_BYTES / size / MANY))) * MANY
}

function keyOf(size: number, index: number): string {
  return `bench:${name}:${size}:${index}`
}

/** A value that is not there is quickly read. */
function must(found: boolean): void {
  if (!found) throw new RangeError('a value was not there')
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : ''
}
