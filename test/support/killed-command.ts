import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Instruction } from './plan-follower.js'

const PROGRAM = fileURLToPath(new URL('../../cli/secure-cache.js', import.meta.url))

export interface KilledCommandOptions {
  readonly words: readonly string[]
  /** Working directory, with the environment file. */
  readonly cwd: string
  readonly onEvent: (event: Instruction) => void
  /** Ends the process by SIGKILL so many milliseconds after so many events; absent for never. */
  readonly kill?: { readonly afterEvents: number; readonly thenMs: number } | undefined
}

/** Runs the command line in a process of its own, which may be killed on the way. `null`: it was. */
export async function runAndKill(
  options: KilledCommandOptions,
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const { words, cwd, onEvent, kill } = options
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  let events = 0
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    onEvent(JSON.parse(line) as Instruction)
    events += 1
    if (events === kill?.afterEvents) void pause(kill.thenMs).then(() => child.kill('SIGKILL'))
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stderr }
}
