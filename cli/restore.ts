import type { Command } from 'commander'
import { address, withServerOptions, type Address, type ServerOptions } from './migration-options.js'

export interface RestoreCommandOptions extends ServerOptions {
  readonly identity: string
  readonly from?: Address | undefined
  readonly currentPasswordFile?: string | undefined
  readonly replace?: boolean | undefined
}

/** `secure-cache restore`: a backup of `migrate` back into a server. */
export function addRestore(program: Command): void {
  withServerOptions(
    program
      .command('restore')
      .description(
        'put a backup back into the server of the settings; nothing is touched before all of it is read',
      )
      .argument('<backup>', 'the backup, such as .secure-cache/migration/backup-1a2b3c4d.age')
      .requiredOption('-i, --identity <file>', 'age identity file that opens it'),
  )
    .option('--from <host:port>', 'a server without TLS, as migrate has found it, instead', address)
    .option(
      '--current-password-file <file>',
      'with --from: the password that it asks for (default: REDIS_PASSWORD)',
    )
    .option('--replace', 'also over keys that are there')
    .action(async (backup: string, options: RestoreCommandOptions) => {
      const { restore } = await import('./restored-backup.js')
      await restore(backup, options)
    })
}
