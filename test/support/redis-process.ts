import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

const READY = /ready to accept connections/i
/** A Sentinel says nothing of connections. */
const WATCHES = /\+monitor master/
const START_TIMEOUT_MS = 30_000

/** A port of the loopback address that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

/** Whatever ends the tests ends their servers too: one listener, however many there are. */
const RUNNING = new Set<ChildProcess>()

function killRunning(): void {
  for (const child of RUNNING) child.kill('SIGKILL')
}

export interface RedisProcessOptions {
  readonly mode?: 'server' | 'sentinel' | undefined
  readonly env?: NodeJS.ProcessEnv | undefined
}

/** A `redis-server` process over a configuration file, or any arguments: started, signalled, never left behind. */
export class RedisProcess {
  readonly #binary: string
  readonly #arguments: readonly string[]
  readonly #ready: RegExp
  readonly #env: NodeJS.ProcessEnv
  #child: ChildProcess | undefined
  #output = ''

  constructor(binary: string, given: string | readonly string[], options: RedisProcessOptions = {}) {
    const { mode = 'server', env = process.env } = options
    this.#binary = binary
    this.#arguments =
      typeof given !== 'string' ? given : mode === 'sentinel' ? [given, '--sentinel'] : [given]
    this.#ready = mode === 'sentinel' ? WATCHES : READY
    this.#env = env
  }

  /** What the server printed since its last start. */
  get output(): string {
    return this.#output
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Resolves once the server says that it accepts connections. */
  async start(): Promise<void> {
    if (this.#child !== undefined) throw new Error('redis-server is running already')
    this.#output = ''
    if (!process.listeners('exit').includes(killRunning)) process.once('exit', killRunning)
    const child = spawn(this.#binary, this.#arguments, {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    RUNNING.add(child)
    child.once('close', () => RUNNING.delete(child))
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) => {
        clearTimeout(timer)
        reject(new Error(`redis-server did not start (${why}):\n${this.#output}`))
      }
      const timer = setTimeout(() => {
        child.kill('SIGKILL')
        fail('timeout')
      }, START_TIMEOUT_MS)
      const read = (chunk: Buffer) => {
        this.#output += chunk.toString()
        if (!this.#ready.test(this.#output)) return
        clearTimeout(timer)
        resolve()
      }
      child.stdout?.on('data', read)
      child.stderr?.on('data', read)
      child.once('error', (error) => fail(error.message))
      child.once('exit', (code, signal) => {
        this.#child = undefined
        fail(`exit ${code ?? signal}`)
      })
    })
  }

  /** Sends a signal, and waits for the end where the signal ends the process. */
  async signal(name: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    const ends = name === 'SIGTERM' || name === 'SIGKILL'
    const exited = ends ? once(child, 'exit') : undefined
    child.kill(name)
    // A stopped process does not act on SIGTERM before it runs again.
    if (name === 'SIGTERM') child.kill('SIGCONT')
    await exited
  }

  /** Ends the process for good. */
  async dispose(): Promise<void> {
    await this.signal('SIGKILL')
  }
}
