import type { Redis } from 'ioredis'
import { passwordHash } from '../access/roles.js'
import { CacheError } from '../errors.js'
import { fromRedis } from '../redis/redis-errors.js'
import { Secret } from '../settings/secret.js'
import { compareNormal, type AccessDifference } from './difference.js'
import { parseUsers, type NormalUser } from './normal-user.js'

/** Where the users were written to, so that a restart finds them. */
export type Persisted =
  /** ACL SAVE, into the server's own aclfile. */
  | { readonly how: 'aclfile' }
  /** CONFIG REWRITE: the server has no aclfile, so they are `user` lines of its configuration. */
  | { readonly how: 'config' }
  /** Whoever called writes the file. */
  | { readonly how: 'left' }
  /** They are live, and gone with the next restart. `error` says why. */
  | { readonly how: 'failed'; readonly error: CacheError }

export interface ApplyOptions {
  /** As a user that may ACL LIST, SETUSER, DELUSER, WHOAMI, SAVE and CONFIG GET and REWRITE: admin. */
  readonly client: Redis
  /** Lines of users.acl, or of an earlier ACL LIST. */
  readonly wanted: readonly string[]
  /** Deletes users that are not wanted; Redis ends their connections. They stay where this is false. */
  readonly prune: boolean
  /** `server`: by ACL SAVE or CONFIG REWRITE. `left`: whoever calls has written the aclfile already. */
  readonly persist: 'server' | 'left'
}

export interface ApplyReport {
  /** What was different before. */
  readonly difference: AccessDifference
  /** Users that are there, were not wanted and stay. */
  readonly kept: readonly string[]
  readonly persisted: Persisted
}

/** What ACL LIST answers: one line a user, passwords as hashes. Rejects with a CacheError. */
export async function readLiveUsers(client: Redis): Promise<readonly string[]> {
  const reply = await ask(client, 'ACL', 'LIST')
  if (!Array.isArray(reply)) throw fromRedis(new Error('unexpected reply'), 'ACL')
  return reply.map(String)
}

/**
 * Gives the live server the wanted users, without a restart and without ending a session of theirs: a session keeps
 * its login and gets the new rights with its next command. ACL LOAD would do it too, but 7.0 ends every connection
 * on it (docs/redis.md). Each user changes in one step; the one that this connection is logged in as
 * and `default` come last.
 *
 * Only what is different is sent. Passwords travel as SHA-256.
 *
 * Rejects with a CacheError: ERR_CONFIG_INVALID for lines that no server takes and for wanted users among whom this
 * connection's own would be lost, before anything is changed; else what Redis said.
 */
export async function applyUsers(options: ApplyOptions): Promise<ApplyReport> {
  const { client, prune } = options
  const wanted = parseUsers(options.wanted)
  const own = String(await ask(client, 'ACL', 'WHOAMI'))
  if (prune && !wanted.has(own)) throw losesItself(own)
  const live = parseUsers(await readLiveUsers(client))
  const difference = compareNormal(live, wanted)
  const changed = difference.users.filter(({ kind }) => kind !== 'extra').map(({ name }) => name)
  for (const name of ownLast(changed, own)) {
    const user = wanted.get(name)
    if (user !== undefined)
      await ask(client, 'ACL', 'SETUSER', name, ...fresh(live.get(name)), ...rulesOf(user))
  }
  const extra = difference.users.filter(({ kind }) => kind === 'extra').map(({ name }) => name)
  if (prune && extra.length > 0) await ask(client, 'ACL', 'DELUSER', ...extra)
  const persisted = options.persist === 'left' ? ({ how: 'left' } as const) : await persistUsers(client)
  return { difference, kept: prune ? [] : extra, persisted }
}

/**
 * Writes the live users where a restart finds them: ACL SAVE where the server has an aclfile, else CONFIG REWRITE.
 * Never rejects: the users are live already, and what is left to do is said in `error`.
 */
export async function persistUsers(client: Redis): Promise<Persisted> {
  try {
    if ((await directive(client, 'aclfile')) !== '') {
      await ask(client, 'ACL', 'SAVE')
      return { how: 'aclfile' }
    }
    await ask(client, 'CONFIG', 'REWRITE')
    return { how: 'config' }
  } catch (error) {
    return { how: 'failed', error: fromRedis(error, 'ACL') }
  }
}

/** The value of one directive of the live server; empty where it has none. Rejects with a CacheError. */
export async function directive(client: Redis, name: string): Promise<string> {
  const reply = await ask(client, 'CONFIG', 'GET', name)
  const [, value] = Array.isArray(reply) ? (reply as unknown[]) : []
  return typeof value === 'string' ? value : ''
}

/**
 * Takes away all that a user has. What `reset` does, but for its `sanitize-payload`: a default user that was never
 * told about payloads could not be brought back to the state before.
 */
function fresh(live: NormalUser | undefined): readonly string[] {
  if (live === undefined) return []
  return [
    'off',
    'resetpass',
    'resetkeys',
    'resetchannels',
    '-@all',
    // Unknown below 7.0, where no user can have any.
    ...(live.selectors.length > 0 ? ['clearselectors'] : []),
    ...(live.skipSanitize ? ['sanitize-payload'] : []),
  ]
}

/** Everything that ACL SETUSER needs to make the user anew. */
function rulesOf({ words }: NormalUser): readonly string[] {
  return words.filter((word) => word !== '').map(hashed)
}

/** A password in clear becomes its hash before it leaves. */
function hashed(word: string): string {
  const sign = { '>': '#', '<': '!' }[word[0] ?? '']
  return sign === undefined ? word : sign + passwordHash(new Secret(word.slice(1)))
}

function ownLast(names: readonly string[], own: string): readonly string[] {
  const rank = (name: string): number => (name === own ? 2 : name === 'default' ? 1 : 0)
  return names.toSorted((a, b) => rank(a) - rank(b))
}

async function ask(client: Redis, command: string, ...args: readonly string[]): Promise<unknown> {
  try {
    return await client.call(command, ...args)
  } catch (error) {
    throw fromRedis(error, command)
  }
}

function losesItself(own: string): CacheError {
  return new CacheError(
    'ERR_CONFIG_INVALID',
    `the user ${own}, as whom this connection is logged in, is not among the wanted users and would be deleted: ` +
      'log in as one that stays',
  )
}
