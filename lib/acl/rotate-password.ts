import type { Redis } from 'ioredis'
import { passwordHash } from '../access/roles.js'
import { CacheError } from '../errors.js'
import { fromRedis } from '../redis/redis-errors.js'
import type { Secret } from '../settings/secret.js'
import { readLiveUsers } from './apply.js'
import { parseUsers } from './normal-user.js'

/** The old one and the new one (AUT-010). */
const MOST_PASSWORDS = 2

export interface PasswordRotation {
  /** As a user that may ACL LIST and SETUSER and CLIENT KILL: admin. */
  readonly client: Redis
  readonly username: string
  /** The one that is to stay. */
  readonly password: Secret
}

/**
 * Whether the user can take another password. Rejects with a CacheError where it cannot: there is no such user, or it is
 * in the middle of a rotation.
 */
export async function checkRotation({
  client,
  username,
}: Pick<PasswordRotation, 'client' | 'username'>): Promise<void> {
  const { hashes } = await mustExist(client, username)
  if (hashes.length < MOST_PASSWORDS) return
  throw new CacheError(
    'ERR_CONFIG_INVALID',
    `the user ${username} takes ${hashes.length} passwords already: end that rotation with --finish first`,
  )
}

/**
 * First half: the user takes the new password beside those that it has, so that who knows the old one goes on.
 *
 * Rejects with a CacheError, as {@link checkRotation} does.
 */
export async function addPassword({ client, username, password }: PasswordRotation): Promise<void> {
  await checkRotation({ client, username })
  await setUser(client, username, [`#${passwordHash(password)}`])
}

/**
 * Second half: every other password goes, and every session of the user ends. Redis keeps a session whatever becomes
 * of the password that it logged in with (docs/redis.md), and none of them says which one that was; whoever has the
 * new one is back at once.
 *
 * Resolves with the number of sessions that ended. Rejects with a CacheError where the new password is none of the
 * user's: dropping the others would lock everybody out.
 */
export async function dropOldPasswords({ client, username, password }: PasswordRotation): Promise<number> {
  const hash = passwordHash(password)
  const user = await mustExist(client, username)
  if (!user.hashes.includes(hash)) {
    throw new CacheError(
      'ERR_CONFIG_INVALID',
      `the password of the settings is none of the user ${username} yet: rotate first, without --finish`,
    )
  }
  // The new one first: at no moment is there none.
  const old = user.hashes.filter((present) => present !== hash)
  if (old.length > 0)
    await setUser(
      client,
      username,
      old.map((present) => `!${present}`),
    )
  try {
    return Number(await client.call('CLIENT', 'KILL', 'USER', username))
  } catch (error) {
    throw fromRedis(error, 'CLIENT')
  }
}

async function mustExist(client: Redis, username: string): Promise<{ readonly hashes: readonly string[] }> {
  const user = parseUsers(await readLiveUsers(client)).get(username)
  if (user !== undefined) return user
  throw new CacheError(
    'ERR_CONFIG_INVALID',
    `the server has no user ${username}: secure-cache acl apply makes it`,
  )
}

async function setUser(client: Redis, username: string, rules: readonly string[]): Promise<void> {
  try {
    await client.call('ACL', 'SETUSER', username, ...rules)
  } catch (error) {
    throw fromRedis(error, 'ACL')
  }
}
