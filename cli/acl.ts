import { type Command, InvalidArgumentError } from 'commander'
import type { ServersOptions } from './user-servers.js'
import { DEFAULT_OUT, SETTINGS_OPTION } from './output-options.js'

/** `secure-cache acl`: the users of a live server against the generated ones. */
export function addAcl(program: Command): void {
  const acl = program
    .command('acl')
    .description('users of a live server: compare, apply, prove, new passwords')
  withOperator(acl.command('plan'))
    .description('what would change on the live server; exit code 1 where something would')
    .option('--json', 'print JSON')
    .action(async (options: ServersOptions & { json?: boolean | undefined }) => {
      const { planAcl } = await import('./acl-commands.js')
      await planAcl(options)
    })
  withOperator(acl.command('apply'))
    .description('give the live server the generated users, without ending a session, and persist them')
    .option('--prune', 'delete users that were not generated, and end their sessions')
    .action(async (options: ServersOptions & { prune?: boolean | undefined }) => {
      const { applyAcl } = await import('./acl-commands.js')
      await applyAcl(options)
    })
  withOperator(acl.command('verify'))
    .description('prove each user by ACL DRYRUN of every command, and by real logins')
    .action(async (options: ServersOptions) => {
      const { verifyAcl } = await import('./acl-commands.js')
      await verifyAcl(options)
    })
  withOperator(acl.command('rotate-password'))
    .description('a new password beside the old one; with --finish the old one and its sessions end')
    .argument('<role>', 'such as cache, maintenance, monitor, admin')
    .option('--finish', 'drop every password but the one of the settings, and end the sessions')
    .action(async (role: string, options: ServersOptions & { finish?: boolean | undefined }) => {
      const { rotatePassword } = await import('./acl-password.js')
      await rotatePassword(role, options)
    })
}

function withOperator(command: Command): Command {
  return command
    .option('-o, --out <folder>', 'folder of the output', DEFAULT_OUT)
    .option(...SETTINGS_OPTION)
    .option('--host <name>', 'where the server is reached from here (default: REDIS_HOST)')
    .option('--port <number>', 'its port (default: REDIS_PORT)', port)
    .option('--one', 'this server alone, and not the others of its deployment')
}

function port(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (number >= 1 && number <= 65_535) return number
  throw new InvalidArgumentError('a number from 1 to 65535 is expected')
}
