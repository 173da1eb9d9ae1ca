import { Option, type Command } from 'commander'
import type { GenerateCommandOptions } from './generated-output.js'
import { withOutputOptions } from './output-options.js'
import { say } from './report.js'

/** `secure-cache generate-config`: settings to hardened configuration. */
export function addGenerateConfig(program: Command): void {
  const command = program
    .command('generate-config')
    .description('render redis.conf, users.acl, certificates and docker-compose.yml from the settings')
  withOutputOptions(command)
    .option('-n, --dry-run', 'say what would be written, and write nothing')
    .option('-f, --force', 'overwrite files that were changed by hand')
    .addOption(
      new Option('--diff', 'show what would change, and write nothing').conflicts(['stdout', 'json']),
    )
    .addOption(
      new Option('--stdout <name>', 'print one file, such as conf/redis.conf, and write nothing').conflicts(
        'json',
      ),
    )
    .option('--json', 'tell what was written as JSON')
    .action(async (options: GenerateCommandOptions) => {
      // Loaded when it runs: templates and certificates are slow to load, and --help needs none.
      const { hasSettings, loadEnvironment } = await import('./environment.js')
      const environment = await loadEnvironment(options.settings)
      const looks = options.diff === true || options.stdout !== undefined || options.json === true
      if (hasSettings(environment) || looks) {
        const { generateAndReport } = await import('./generated-output.js')
        await generateAndReport(environment, options)
      } else {
        say(
          'no settings were found, neither in the environment nor in .env: doing what secure-cache init does',
        )
        const { initialise } = await import('./initialise.js')
        await initialise(options)
      }
    })
}
