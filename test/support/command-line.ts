import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('../../cli/secure-cache.js', import.meta.url))

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** Working directory. */
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Milliseconds after which it is killed as a crash would kill it. */
  readonly killAfterMs?: number | undefined
}

/** Runs the real command line in a process of its own, with no setting of the tests' environment. */
export async function secureCache(words: readonly string[], options: RunOptions): Promise<Finished> {
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const timer =
    options.killAfterMs === undefined
      ? undefined
      : setTimeout(() => child.kill('SIGKILL'), options.killAfterMs)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(timer)
  return { code, stdout, stderr }
}
