import { commandsOf } from '../access/roles.js'
import type { ServerVersion } from '../redis/versions.js'
import type { UserRole } from '../settings/settings.js'
import type { AccessSeen } from './observations.js'

/** Sends one command as user monitor. */
export type Ask = (command: string, ...args: readonly string[]) => Promise<unknown>

/** A role in use, with its user name. */
export interface AclDrillUser {
  readonly role: UserRole
  readonly username: string
}

export interface DrillOptions {
  readonly ask: Ask
  readonly users: readonly AclDrillUser[]
  /** Ends in `:`. */
  readonly keyPrefix: string
  readonly version: ServerVersion
}

/** `K` stands for a key under the prefix. As few arguments as the command takes. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  get: 'K',
  mget: 'K',
  getrange: 'K 0 1',
  set: 'K x',
  unlink: 'K',
  pexpire: 'K 1',
  pttl: 'K',
  watch: 'K',
  scan: '0',
  publish: 'c x',
  subscribe: 'c',
}

/** No role of the application may do any of these (ACL-005 to ACL-010), nor reach beyond its prefix. */
const FORBIDDEN: readonly string[] = [
  'flushall',
  'flushdb',
  'keys *',
  'randomkey',
  'dbsize',
  'swapdb 0 1',
  'config get *',
  'config set maxmemory 0',
  'acl setuser x',
  'acl list',
  'acl save',
  'debug sleep 0',
  'module list',
  'replicaof no one',
  'migrate h 1 k 0 1',
  'restore k 0 x',
  'shutdown',
  'monitor',
  'save',
  'function flush',
  'eval x 0',
  'script flush',
  'client kill x',
  'cluster reset',
]
/** `F` stands for a key that is not under the prefix. */
const FOREIGN_KEYS: readonly string[] = ['get F', 'set F x']

/**
 * Tries with ACL DRYRUN what our users may do: their own commands, and those that they must never have.
 * Nothing is executed, and nothing appears in ACL LOG.
 */
export async function drillAccess(options: DrillOptions): Promise<AccessSeen> {
  const missing: string[] = []
  const excessive: string[] = []
  let tried = 0
  for (const { role, username } of options.users) {
    for (const { line, mayDo } of linesOf(role, options.version)) {
      // One at a time: thirty small commands must not stand in the way of anything else.
      const answer = await dryRun(options.ask, username, wordsOf(line, options.keyPrefix))
      if (answer === 'unknown') continue
      tried += 1
      const name = `${username}: ${line.replace(/ [KF]\b.*/, '')}`
      if (mayDo && answer === 'denied') missing.push(name)
      if (!mayDo && answer === 'allowed') excessive.push(name)
    }
  }
  return { missing, excessive, tried }
}

interface DrillLine {
  /** A command and its arguments, separated by spaces. */
  readonly line: string
  readonly mayDo: boolean
}

function linesOf(role: UserRole, version: ServerVersion): DrillLine[] {
  const commands = commandsOf(role, { version })
  if (commands === 'all') return []
  const allowed = commands.map((command) => `${command.replace('|', ' ')} ${ARGUMENTS[command] ?? ''}`.trim())
  const own = new Set(commands.map((command) => command.replace('|', ' ')))
  const isOwn = (line: string): boolean =>
    own.has(line.split(' ', 1).join()) || own.has(line.split(' ', 2).join(' '))
  return [
    ...allowed.map((line) => ({ line, mayDo: true })),
    ...[...FORBIDDEN.filter((line) => !isOwn(line)), ...FOREIGN_KEYS].map((line) => ({ line, mayDo: false })),
  ]
}

/** The prefix may hold anything, so it enters after the line was cut into words. */
function wordsOf(line: string, keyPrefix: string): string[] {
  const keys: Readonly<Record<string, string>> = { K: `${keyPrefix}drill`, F: `not-${keyPrefix}drill` }
  return line.split(' ').map((word) => keys[word] ?? word)
}

/** `unknown`: the server does not know this command, or counts its arguments otherwise. */
async function dryRun(
  ask: Ask,
  username: string,
  words: readonly string[],
): Promise<'allowed' | 'denied' | 'unknown'> {
  try {
    const answer = await ask('ACL', 'DRYRUN', username, ...words)
    return answer === 'OK' ? 'allowed' : 'denied'
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_REDIS_REPLY') return 'unknown'
    throw error
  }
}
