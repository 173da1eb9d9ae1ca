import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('../../cli/secure-cache.js', import.meta.url))

const DIE_AT_OPERATION = new URL('die-at-operation.js', import.meta.url).href

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** Working directory. */
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Number of the file operation before which it dies as in a crash; 0 counts them, and says how many on stderr. */
  readonly dieAt?: number | undefined
}

/** Runs the real command line in a process of its own, with no setting of the tests' environment. */
export async function secureCache(words: readonly string[], options: RunOptions): Promise<Finished> {
  const { dieAt } = options
  const before = dieAt === undefined ? [] : ['--import', DIE_AT_OPERATION]
  const child = spawn(process.execPath, [...before, PROGRAM, ...words], {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'] ?? '', ...options.env, DIE_AT_OPERATION: String(dieAt ?? '') },
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
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}
