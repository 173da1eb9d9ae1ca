import type { Redis } from 'ioredis'
import { fromRedis } from '../redis/redis-errors.js'
import { readLiveUsers } from './apply.js'
import { compareNormal } from './difference.js'
import { parseUsers, type NormalUser } from './normal-user.js'

/** Served before any login: no ACL denies them (acl.c, CMD_NO_AUTH). */
const ALWAYS = new Set(['auth', 'hello', 'quit', 'reset'])
/** Dry runs that are under way at once. */
const AT_ONCE = 200

/** What one user may really do, against what it should. */
export interface UserVerdict {
  readonly name: string
  /**
   * `gone`: there is no such user. `extra`: it was not wanted, and is for people to look at; one that is on and
   * asks for no password, or may send everything, is `wrong`.
   */
  readonly state: 'right' | 'wrong' | 'gone' | 'extra'
  /** Commands that it should be able to send and is denied. */
  readonly denied: readonly string[]
  /** Commands that it should not be able to send and may. */
  readonly excessive: readonly string[]
  /**
   * What differs beside commands: patterns, channels, whether it is on; see {@link compareNormal}. Of one that was
   * not wanted: what it may do.
   */
  readonly changes: readonly string[]
  /** Dry runs that were judged. */
  readonly tried: number
}

interface ServerCommand {
  readonly name: string
  readonly words: readonly string[]
}

/**
 * Proves what each wanted user may do, by ACL DRYRUN of every command that the server has: nothing is executed. Users
 * beside them follow: whoever planted one has rights of their own. It
 * needs Redis 7.0 and a user that may COMMAND INFO, ACL LIST and ACL DRYRUN: auditor, or admin.
 *
 * Rejects with a CacheError where the server refuses or is away.
 */
export async function verifyUsers(options: {
  readonly client: Redis
  /** Lines of users.acl. */
  readonly wanted: readonly string[]
}): Promise<readonly UserVerdict[]> {
  const { client } = options
  const wanted = parseUsers(options.wanted)
  const live = parseUsers(await readLiveUsers(client))
  const { users } = compareNormal(live, wanted)
  const commands = await serverCommands(client)
  const verdicts: UserVerdict[] = []
  for (const user of wanted.values()) {
    const { name } = user
    if (!live.has(name)) {
      verdicts.push({ name, state: 'gone', denied: [], excessive: [], changes: [], tried: 0 })
      continue
    }
    const { denied, excessive } = await tryAll(client, user, commands)
    const changes = users.find((difference) => difference.name === name)?.changes ?? []
    const state = denied.length + excessive.length + changes.length === 0 ? 'right' : 'wrong'
    verdicts.push({ name, state, denied, excessive, changes, tried: commands.length })
  }
  const extras = [...live.values()].filter(({ name }) => !wanted.has(name))
  return [...verdicts, ...extras.map(judgeExtra)]
}

function judgeExtra(user: NormalUser): UserVerdict {
  const { name, on, nopass, selectors } = user
  const everything = [user, ...selectors].some(({ allCommands }) => allCommands)
  const changes = [
    'was not generated',
    ...(on ? [] : ['is off']),
    ...(nopass ? ['asks for no password'] : []),
    ...(everything ? ['may send every command'] : []),
  ]
  const state = on && (nopass || everything) ? 'wrong' : 'extra'
  return { name, state, denied: [], excessive: [], changes, tried: 0 }
}

async function tryAll(
  client: Redis,
  user: NormalUser,
  commands: readonly ServerCommand[],
): Promise<Pick<UserVerdict, 'denied' | 'excessive'>> {
  const own = new Set([...user.commands, ...user.selectors.flatMap((selector) => selector.commands)])
  const denied: string[] = []
  const excessive: string[] = []
  for (let from = 0; from < commands.length; from += AT_ONCE) {
    const batch = commands.slice(from, from + AT_ONCE)
    const answers = await Promise.all(batch.map(({ words }) => dryRun(client, user.name, words)))
    for (const [index, { name }] of batch.entries()) {
      const may = answers[index] === true
      const should = user.allCommands ? undefined : own.has(`+${name}`)
      if (should === true && !may) denied.push(name)
      if (should === false && may && !ALWAYS.has(name)) excessive.push(name)
    }
  }
  return { denied, excessive }
}

/** True where the command itself is allowed; a key or channel is judged after it. */
async function dryRun(client: Redis, name: string, words: readonly string[]): Promise<boolean> {
  try {
    const answer = String(await client.call('ACL', 'DRYRUN', name, ...words))
    return answer === 'OK' || / access (?:the|one of the) /.test(answer)
  } catch (error) {
    throw fromRedis(error, 'ACL')
  }
}

/** Every command and subcommand, with as many arguments as it needs at least. */
async function serverCommands(client: Redis): Promise<readonly ServerCommand[]> {
  const reply: unknown = await client.call('COMMAND', 'INFO').catch((error: unknown) => {
    throw fromRedis(error, 'COMMAND INFO')
  })
  const entries = (Array.isArray(reply) ? reply : []) as readonly [string, number, ...unknown[]][]
  return entries.flatMap(([name, arity, ...rest]) => {
    const subcommands = (rest[7] ?? []) as readonly [string, number][]
    if (subcommands.length === 0) return [{ name, words: [name, ...filler(arity, 1)] }]
    return subcommands.map(([full, subArity]) => ({
      name: full,
      words: [name, full.split('|')[1] ?? '', ...filler(subArity, 2)],
    }))
  })
}

function filler(arity: number, given: number): readonly string[] {
  return Array.from({ length: Math.max(0, Math.abs(arity) - given) }, () => 'x')
}
