import { spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { ConfigError } from '../lib/errors.js'

export interface LocalServerOptions {
  /** A folder written with `target: 'local'`. */
  readonly out: string
  /** The program, `redis-server` where absent. */
  readonly binary?: string | undefined
  /** Milliseconds until it must accept connections, 10 000 where absent. */
  readonly timeoutMs?: number | undefined
}

/** A redis-server over the generated files. Whoever starts it stops it. */
export interface LocalServer {
  readonly pid: number
  /** What it has printed so far, at most the last 64 KiB. */
  readonly output: string
  /** Resolves when the process has ended, whoever ended it. */
  readonly ended: Promise<void>
  /** Asks it to end, and makes it end after five seconds. */
  stop(): Promise<void>
  /** SIGKILL: as a crash would. */
  kill(): Promise<void>
}

const READY = /ready to accept connections/i
const MAX_OUTPUT = 64 * 1024
const STOP_MS = 5000

/**
 * Boots a server from exactly the generated files, outside a container, and waits until it accepts
 * connections.
 *
 * @throws {ConfigError} ERR_CONFIG_FILES where there is no such program, or it refuses the files; the message
 *   ends with what it printed
 */
export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  const { binary = 'redis-server', timeoutMs = 10_000 } = options
  const child = spawn(binary, [join(resolve(options.out), 'conf', 'redis.conf')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const ended = new Promise<void>((resolveEnded) => {
    child.once('close', () => resolveEnded())
    child.once('error', () => resolveEnded())
  })
  const killAtExit = (): void => void child.kill('SIGKILL')
  process.once('exit', killAtExit)
  void ended.then(() => process.removeListener('exit', killAtExit))

  await new Promise<void>((resolveReady, reject) => {
    const fail = (reason: string): void => {
      clearTimeout(timer)
      reject(
        new ConfigError(
          'ERR_CONFIG_FILES',
          `${binary} ${reason}${output === '' ? '' : `:\n${output.trim()}`}`,
        ),
      )
    }
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      fail('was not ready in time')
    }, timeoutMs)
    const listen = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-MAX_OUTPUT)
      if (!READY.test(output)) return
      clearTimeout(timer)
      resolveReady()
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.once('error', () => fail('cannot be started: install it, or name its path'))
    child.once('close', (code, signal) => fail(`ended at once (${code ?? signal})`))
  })

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await ended
    clearTimeout(timer)
  }
  return {
    pid: child.pid ?? 0,
    get output() {
      return output
    },
    ended,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}
