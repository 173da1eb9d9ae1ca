import { Option, type Command } from 'commander'
import type { InitOptions } from './initialise.js'
import { withOutputOptions } from './output-options.js'

/** `secure-cache init`: a first set of secrets, and the configuration that goes with it. */
export function addInit(program: Command): void {
  const command = program
    .command('init')
    .description('make an environment file with new secrets, and generate everything from it')
  withOutputOptions(command)
    .option(
      '--host <name>',
      'where the application finds Redis (default: redis, or 127.0.0.1 for a local server)',
    )
    .option('--port <number>', 'port of Redis (default: 6379)')
    .addOption(
      new Option('--profile <name>', 'cache (evicts) or data (never evicts, default: cache)').choices([
        'cache',
        'data',
      ]),
    )
    .option('--max-memory <amount>', 'memory of Redis, such as 512mb (default: 256mb)')
    .option('--key-prefix <prefix>', 'begins every key, ends in a colon (default: ai_cache:)')
    .option('-y, --yes', 'ask nothing, take the defaults')
    .option('-n, --dry-run', 'say what would be written, and write nothing')
    .action(async (options: InitOptions) => {
      // Loaded when it runs: templates and certificates are slow to load, and --help needs none.
      const { initialise, refuseExisting } = await import('./initialise.js')
      await refuseExisting(options)
      const { askFor, canAsk } = await import('./init-questions.js')
      const asks = options.yes !== true && canAsk()
      await initialise(asks ? await askFor(options, givenOn(command)) : options)
    })
}

/** Names of the options that stand on the command line. */
function givenOn(command: Command): ReadonlySet<string> {
  return new Set(Object.keys(command.opts()).filter((name) => command.getOptionValueSource(name) === 'cli'))
}
