import type { Command } from 'commander'
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
    .option('-n, --dry-run', 'say what would be written, and write nothing')
    .action(async (options: InitOptions) => {
      // Loaded when it runs: templates and certificates are slow to load, and --help needs none.
      const { initialise } = await import('./initialise.js')
      await initialise(options)
    })
}
