import { type Command, InvalidArgumentError } from 'commander'
import { DEFAULT_FOLDER } from './migration-options.js'
import { SETTINGS_OPTION } from './output-options.js'

export interface KeysOptions {
  readonly settings?: string | undefined
}

/** What the commands that end the use of a key take. */
export interface MigrationFolderOption {
  readonly migration: string
}

export interface CheckedOptions extends KeysOptions {
  readonly expect: number
  readonly force?: boolean | undefined
}

export interface SweepCommandOptions extends KeysOptions, MigrationFolderOption {
  readonly rate: number
  readonly force?: boolean | undefined
  readonly fromStart?: boolean | undefined
}

/** `secure-cache keys`: the encryption keys, by their ids. A key itself is never shown. */
export function addKeys(program: Command): void {
  const keys = program
    .command('keys')
    .description('encryption keys: new ones, rotation, values under old ones')
  withSettings(keys.command('generate'))
    .description('make a new key and accept it; it seals nothing until it is promoted')
    .option('--passphrase', 'derive it from REDIS_ENCRYPTION_PASSPHRASE')
    .action(async (options: KeysOptions & { passphrase?: boolean | undefined }) => {
      const { generateKey } = await import('./key-commands.js')
      await generateKey(options)
    })
  withSettings(keys.command('list'))
    .description('ids, the values under each and their ages, and the instances that use them')
    .option('--json', 'print JSON')
    .action(async (options: KeysOptions & { json?: boolean | undefined }) => {
      const { listKeys } = await import('./key-commands.js')
      await listKeys(options)
    })
  withChecks(keys.command('rotate'))
    .description('promote an accepted key, once all live instances accept it')
    .argument('[id]', 'key id, or its beginning (default: the one that was generated here last)')
    .action(async (id: string | undefined, options: CheckedOptions) => {
      const { rotateKeys } = await import('./key-commands.js')
      await rotateKeys(id, options)
    })
  withMigrationFolder(withSettings(keys.command('sweep')))
    .description('seal anew, under the key that seals, what lies under the others')
    .option('--rate <keys>', 'keys a second at most', positive, 5000)
    .option('--from-start', 'forget where an earlier sweep was stopped')
    .option('--force', 'although an instance still seals under another key')
    .action(async (options: SweepCommandOptions) => {
      const { sweepKeys } = await import('./key-commands.js')
      await sweepKeys(options)
    })
  withMigrationFolder(withChecks(keys.command('retire')))
    .description('drop an accepted key, once no value and no instance needs it')
    .argument('<id>', 'key id, or its beginning')
    .action(async (id: string, options: CheckedOptions & MigrationFolderOption) => {
      const { retireKey } = await import('./key-commands.js')
      await retireKey(id, options)
    })
}

function withSettings(command: Command): Command {
  return command.option(...SETTINGS_OPTION)
}

/** Its journal is sealed under the same keys. */
function withMigrationFolder(command: Command): Command {
  return command.option(
    '--migration <folder>',
    'folder of a migration that may be taken back',
    DEFAULT_FOLDER,
  )
}

function withChecks(command: Command): Command {
  return withSettings(command)
    .option('--expect <instances>', 'how many instances must be heard of at least', positive, 0)
    .option('--force', 'whatever instances and values say')
}

function positive(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('a whole number above 0 is expected')
}
