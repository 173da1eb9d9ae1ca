import { join } from 'node:path'
import { InvalidArgumentError, type Command } from 'commander'
import { STEP_IDS, type StepId } from '../lib/migration/records.js'
import { DEFAULT_OUT, SETTINGS_OPTION } from './output-options.js'

export const DEFAULT_FOLDER = join('.secure-cache', 'migration')

const PASSWORD_FILE =
  'file with the password that the server asks for today (default: REDIS_PASSWORD, or what the journal knows)'

export interface Address {
  readonly host: string
  readonly port: number
}

/** Which settings, and where the generator's output is. */
export interface ServerOptions {
  readonly settings?: string | undefined
  readonly out: string
}

/** What every command of `migrate` takes. */
export interface MigrationCommandOptions extends ServerOptions {
  readonly folder: string
  readonly from?: Address | undefined
  readonly tlsPort?: number | undefined
  readonly serverTls?: string | undefined
  readonly currentPasswordFile?: string | undefined
  readonly leaveDatabases?: boolean | undefined
  readonly json?: boolean | undefined
}

/** What the commands that change something take beside that. */
export interface ChangingOptions extends MigrationCommandOptions {
  readonly recipient: readonly string[]
  readonly confirm: readonly StepId[]
  readonly wait: number
  readonly settle: number
  readonly acceptChanges?: boolean | undefined
  readonly dryRun?: boolean | undefined
}

export function withServerOptions(command: Command): Command {
  return command
    .option(...SETTINGS_OPTION)
    .option('-o, --out <folder>', 'folder of generate-config: passwords and certificates', DEFAULT_OUT)
}

export function withMigrationOptions(command: Command): Command {
  return withServerOptions(command)
    .option('--folder <folder>', 'where journal and backup lie', DEFAULT_FOLDER)
    .option('--from <host:port>', 'the server as it is today (default: REDIS_HOST:REDIS_PORT)', address)
    .option('--tls-port <port>', 'port for TLS (default: REDIS_PORT, or the one after that of --from)', port)
    .option('--server-tls <folder>', 'tls/ of the output as the server sees it (default: <out>/tls here)')
    .option('--current-password-file <file>', PASSWORD_FILE)
    .option('--leave-databases', 'databases other than 0 belong to somebody else: leave them as they are')
    .option('--json', 'print JSON')
}

export function withChangingOptions(command: Command): Command {
  return withMigrationOptions(command)
    .option('--recipient <age1…>', 'who may read the backup, again for more of them', collect, [])
    .option('--confirm <step>', 'say that what only a person can see is done', collectSteps, [])
    .option('--wait <seconds>', 'how long to wait for clients to change over', seconds, 600)
    .option('--settle <seconds>', 'how long none must have been seen', seconds, 5)
    .option('--accept-changes', 'go on although somebody else changed the server in between')
}

/** `host:port`, an IPv6 address in brackets. */
export function address(text: string): Address {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:/\s[\]@]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  if (host === undefined) throw new InvalidArgumentError('expected host:port, such as 127.0.0.1:6379')
  return { host, port: port(match?.[3] ?? '') }
}

function port(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (number < 1 || number > 65_535) throw new InvalidArgumentError('expected a port from 1 to 65535')
  return number
}

function seconds(text: string): number {
  const number = Number(text)
  if (!/^\d+(?:\.\d+)?$/.test(text) || number > 86_400) {
    throw new InvalidArgumentError('expected seconds, at most a day')
  }
  return number
}

function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text]
}

function collectSteps(text: string, before: readonly StepId[]): readonly StepId[] {
  const step = STEP_IDS.find((id) => id === text)
  if (step === undefined) throw new InvalidArgumentError(`expected one of ${STEP_IDS.join(', ')}`)
  return [...before, step]
}
