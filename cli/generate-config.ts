import type { Command } from 'commander'
import { hasSettings, loadEnvironment } from './environment.js'
import { generateAndReport, type GenerateCommandOptions } from './generated-output.js'
import { initialise } from './init.js'
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
    .action(async (options: GenerateCommandOptions) => {
      const environment = await loadEnvironment(options.envFile)
      if (!hasSettings(environment)) {
        say(
          'no settings were found, neither in the environment nor in .env: doing what secure-cache init does',
        )
        await initialise(options)
        return
      }
      await generateAndReport(environment, options)
    })
}
