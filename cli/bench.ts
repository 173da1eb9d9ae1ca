import { InvalidArgumentError, type Command } from 'commander'
import type { Settings } from '../lib/settings/settings.js'
import { loadEnvironment, type Environment } from './environment.js'
import { SETTINGS_OPTION } from './output-options.js'
import { print, QuietFailure, say } from './report.js'
import { UsageError } from './usage-error.js'

const MAX_SECONDS = 120
const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1'])

interface BenchOptions {
  readonly settings?: string | undefined
  readonly seconds: number
  readonly report: string
  readonly yes?: boolean | undefined
}

/** `secure-cache bench`: how fast the cache is on the reader's own server, under the reader's own settings. */
export function addBench(program: Command): void {
  program
    .command('bench')
    .description('measure the cache on your own server with your own settings, and write a report')
    .option(...SETTINGS_OPTION)
    .option('--seconds <n>', `how long to measure, at most ${MAX_SECONDS}`, seconds, 20)
    .option('--report <file>', 'where to write the page', 'secure-cache-bench.html')
    .option('--yes', 'run without asking, also against production')
    .action(bench)
}

/**
 * Measures, prints the figures, writes the page and removes what it wrote, also when it is interrupted.
 *
 * @throws {UsageError} where it would have to ask first and cannot
 * @throws {QuietFailure} where nobody wanted it, or it was interrupted
 */
async function bench(options: BenchOptions): Promise<void> {
  const { readSettings } = await import('../lib/settings/read.js')
  const environment = await loadEnvironment(options.settings)
  const settings = readSettings({ env: environment })
  if (options.yes !== true && isDelicate(settings)) await ask(settings)
  await measureAndReport(options, environment, settings)
}

async function measureAndReport(
  options: BenchOptions,
  environment: Environment,
  settings: Settings,
): Promise<void> {
  const { measureOwnServer, Interrupted } = await import('./benchmark/own-server.js')
  const { figuresText, reportPage } = await import('./benchmark/page.js')
  const { default: writeFileAtomic } = await import('write-file-atomic')
  const stop = new AbortController()
  const interrupt = (): void => stop.abort(new Interrupted())
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  try {
    say(`measuring for ${options.seconds} seconds; Ctrl-C ends it and cleans up`)
    const measured = await measureOwnServer({
      environment,
      settings,
      seconds: options.seconds,
      signal: stop.signal,
    })
    print(figuresText(measured))
    await writeFileAtomic(options.report, reportPage(measured), { mode: 0o600 })
    say(`report: ${options.report}`)
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    say('error: interrupted; what was written is removed')
    throw new QuietFailure()
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

/** Load on a server that others depend on is theirs to allow. */
function isDelicate({ environment, backend, redis }: Settings): boolean {
  if (environment === 'production') return true
  return backend === 'redis' && (redis.topology !== 'standalone' || !LOOPBACK.has(redis.host))
}

async function ask(settings: Settings): Promise<void> {
  const what =
    settings.environment === 'production' ? 'this is production' : 'the server is not on this machine'
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError(`${what}, and there is nobody to ask`, 'add --yes where that load is welcome')
  }
  const { confirm } = await import('@clack/prompts')
  const answer = await confirm({
    message: `${what}: put load on it?`,
    initialValue: false,
    output: process.stderr,
  })
  if (answer !== true) throw new QuietFailure()
}

function seconds(text: string): number {
  const number = Number(text)
  if (!/^\d{1,3}$/.test(text) || number < 1 || number > MAX_SECONDS) {
    throw new InvalidArgumentError(`expected whole seconds from 1 to ${MAX_SECONDS}`)
  }
  return number
}
