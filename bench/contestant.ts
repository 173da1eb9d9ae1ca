import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { schedule, type Load, type Window } from '../cli/benchmark/window.js'
import type { Access } from './access.js'
import type { Variant } from './own-variants.js'
import { CORES, type Servers } from './servers.js'
import type { Answer, Memory, OperationKind, Task } from './tasks.js'

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url))

/** A window with what the server did in it. */
export interface MeasuredWindow extends Window {
  readonly serverCpuUs: number
  /** Share of it in which the machine was not ours: the larger of both run-queue waits. */
  readonly foreignShare: number
}

/** A child process that plays one variant. */
export class Contestant {
  readonly name: string
  readonly #child: ChildProcess
  readonly #serverPid: number
  hasMany = false

  constructor(variant: Variant, servers: Servers) {
    this.name = variant.name
    this.#serverPid = variant.server === 'plain' ? servers.plainPid : servers.hardenedPid
    this.#child = forkPinned()
  }

  async open(access: Access): Promise<void> {
    const can = (await this.#ask({ do: 'open', variant: this.name, access })) as readonly string[]
    this.hasMany = can.includes('many')
  }

  async fill(size: number): Promise<void> {
    await this.#ask({ do: 'fill', size })
  }

  async run(operation: OperationKind, size: number, load: Load): Promise<MeasuredWindow> {
    const before = schedule(this.#serverPid)
    const started = performance.now()
    const window = (await this.#ask({ do: 'run', operation, size, ...load })) as Window
    const after = schedule(this.#serverPid)
    const serverWait = (after.waitMs - before.waitMs) / (performance.now() - started)
    return {
      ...window,
      serverCpuUs: ((after.cpuMs - before.cpuMs) * 1000) / window.operations,
      foreignShare: Math.max(window.waitShare, serverWait),
    }
  }

  /** After a collection. */
  async memory(): Promise<Memory> {
    return (await this.#ask({ do: 'memory' })) as Memory
  }

  async close(): Promise<void> {
    if (!this.#child.connected) return
    const ended = once(this.#child, 'exit')
    this.#child.send({ do: 'close' } satisfies Task)
    await ended
  }

  async #ask(task: Task): Promise<unknown> {
    const answer = await new Promise<Answer>((resolve, reject) => {
      const ended = (): void => reject(new Error(`${this.name} ended`))
      this.#child.once('exit', ended)
      this.#child.once('message', (message: Answer) => {
        this.#child.removeListener('exit', ended)
        resolve(message)
      })
      this.#child.send(task)
    })
    if ('failed' in answer) throw new Error(`${this.name}, ${task.do}: ${answer.failed}`)
    return answer.result
  }
}

function forkPinned(): ChildProcess {
  const node = ['--expose-gc']
  return fork(CHILD, [], {
    ...(CORES === undefined
      ? { execArgv: node }
      : { execPath: 'taskset', execArgv: ['-c', String(CORES.client), process.execPath, ...node] }),
    env: {},
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}
