import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { shellWord } from '../../generators/quoting.js'
import { until } from './until.js'

const PROGRAM = fileURLToPath(new URL('../../cli/secure-cache.js', import.meta.url))

/** The command line at a terminal, with somebody who reads and types. */
export interface TerminalSession {
  /** All that the terminal showed so far, without its escape codes. */
  readonly shown: () => string
  /** Whether whoever types next sees where. */
  readonly hasCursor: () => boolean
  /** Waits until a text is shown behind what was waited for before, then types. */
  readonly answer: (question: string, keys: string) => Promise<void>
  /** Waits for the end of the program: its exit code. */
  readonly ended: () => Promise<number | null>
  /** Takes the terminal away, where the program still runs. */
  readonly close: () => void
}

/** Of util-linux: another `script` has other options. */
export function canOpenTerminal(): boolean {
  return spawnSync('script', ['--version']).status === 0
}

export const KEYS = { enter: '\r', down: '\u001B[B', controlC: '\u0003', no: 'n' } as const

/**
 * Runs the real command line at a real pseudo-terminal, which `script` of util-linux opens: programs behave
 * differently where nobody can answer.
 */
export function atTerminal(words: readonly string[], { cwd }: { readonly cwd: string }): TerminalSession {
  // Opened from a pipe it has no size, and nothing fits into a line.
  const line = `stty cols 120 rows 40; exec ${[process.execPath, PROGRAM, ...words].map(shellWord).join(' ')}`
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', line, '/dev/null'], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let raw = ''
  let read = 0
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    raw += chunk
  })
  const exit = once(child, 'close') as Promise<[number | null]>
  // oxlint-disable-next-line no-control-regex -- escape codes are what is taken out.
  const shown = (): string => raw.replaceAll(/\u001B\[[0-9;?]*[A-Za-z]/g, '')
  return {
    shown,
    hasCursor: () => raw.lastIndexOf('\u001B[?25l') <= raw.lastIndexOf('\u001B[?25h'),
    async answer(question, keys) {
      await until(`the terminal asks: ${question}`, () => shown().includes(question, read), 30_000)
      read = shown().indexOf(question, read) + question.length
      child.stdin.write(keys)
    },
    async ended() {
      const [code] = await exit
      return code
    },
    close: () => {
      child.kill('SIGKILL')
    },
  }
}
