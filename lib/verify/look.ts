import { assembleCache, inspectCache } from '../create.js'
import { isCacheError } from '../errors.js'
import { SecurityEvents } from '../events.js'
import { createLogger } from '../log.js'
import { openConnection, type RedisConnection } from '../redis/connection.js'
import type { Login } from '../redis/login.js'
import { atNode } from '../redis/server-address.js'
import type { RedisSettings, Settings, UserRole } from '../settings/settings.js'
import type { LoginSeen, Seen } from './evidence.js'

/** Bounds each step: a server that hangs must not hang whoever asks about it. */
const STEP_MS = 5000
const CLOSE_MS = 500

/** Roles that log in at the server of the application; the others are for servers among themselves. */
const ROLES = [
  'health',
  'monitor',
  'maintenance',
  'auditor',
  'operator',
] as const satisfies readonly UserRole[]

/**
 * What no role of the application may do, and nobody is harmed by where one may (ACL-005, ACL-007, ACL-010). A
 * refusal leaves an entry in ACL LOG; the wider drill of the status asks by DRYRUN, which needs user monitor.
 */
const HARMLESS: readonly (readonly [command: string, ...args: readonly string[]])[] = [
  ['CONFIG', 'GET', 'maxmemory'],
  ['ACL', 'LIST'],
  ['DBSIZE'],
]

/**
 * Looks at a running setup as the application would use it: one cache, one connection for each login, nothing
 * sent that changes more than a self-test value. Ends within half a minute, whatever the server does; never
 * rejects. Nobody is alerted by it.
 */
export async function lookAtSetup(settings: Settings): Promise<Seen> {
  const { alertEmail: _email, alertWebhook: _webhook, ...security } = settings.security
  const cache = assembleCache({ settings: { ...settings, security }, logger: createLogger('silent') })
  const { watch, connection } = inspectCache(cache)
  try {
    await cache.ready({ timeoutMs: STEP_MS }).catch(() => undefined)
    await watch.look()
    const status = watch.status()
    if (connection === undefined) {
      return { settings, status, logins: [], boundaries: { problem: 'there is no server' } }
    }
    // What refuses or does not answer would do so to every other login as well.
    if (connection.status !== 'up') {
      return { settings, status, logins: [], boundaries: { problem: 'not tried: not connected' } }
    }
    const at = atNode(settings.redis, connection.address)
    const [logins, boundaries] = await Promise.all([
      Promise.all(loginsOf(settings).map((login) => tryLogin(at, login))),
      tryBoundaries(at),
    ])
    return { settings, status, logins, boundaries }
  } finally {
    await cache.close({ timeoutMs: CLOSE_MS }).catch(() => undefined)
  }
}

interface Named {
  readonly login: Login & { readonly username: string }
  readonly variable: string
}

function loginsOf({ users, redis }: Settings): readonly Named[] {
  const own: Named = {
    login: { username: redis.username ?? 'default', password: redis.password },
    variable: redis.authentication === 'acl' ? 'REDIS_CACHE_PASSWORD' : 'REDIS_PASSWORD',
  }
  const others = ROLES.filter((role) => users[role].password !== undefined).map((role) => ({
    login: users[role],
    variable: `REDIS_${role.toUpperCase()}_PASSWORD`,
  }))
  return redis.authentication === 'none' ? others : [own, ...others]
}

async function tryLogin(settings: RedisSettings, { login, variable }: Named): Promise<LoginSeen> {
  const seen = { username: login.username, variable }
  return withConnection(
    { settings, user: login },
    async () => seen,
    (errorCode) => ({ ...seen, errorCode }),
  )
}

type Boundaries = Seen['boundaries']

function tryBoundaries(settings: RedisSettings): Promise<Boundaries> {
  const attempts = [...HARMLESS, ['GET', `not-${settings.keyPrefix}verify`] as const]
  return withConnection<Boundaries>(
    { settings },
    async (connection) => {
      const excessive: string[] = []
      for (const [command, ...args] of attempts) {
        if (await isAllowed(connection, command, args)) excessive.push(nameOf(command, args))
      }
      return { seen: { excessive, tried: attempts.length } }
    },
    (code) => ({ problem: `the application's login could not be tried (${code})` }),
  )
}

/** Without the arguments that are ours: the foreign key would tell the prefix. */
function nameOf(command: string, [first]: readonly string[]): string {
  return command === 'GET' ? 'GET of a key of others' : [command, first].filter(Boolean).join(' ')
}

async function isAllowed(
  connection: RedisConnection,
  command: string,
  args: readonly string[],
): Promise<boolean> {
  try {
    await connection.client.call(command, ...args)
    return true
  } catch (error) {
    if (isCacheError(error) && error.code === 'ERR_REDIS_NOPERM') return false
    // A node that has not the key, or a server that knows no such command, has let the user ask.
    if (isCacheError(error) && error.code === 'ERR_REDIS_REPLY') return true
    throw error
  }
}

/** A connection of its own around one action, each within its bound. */
async function withConnection<T>(
  { settings, user }: { readonly settings: RedisSettings; readonly user?: Login | undefined },
  act: (connection: RedisConnection) => Promise<T>,
  failed: (errorCode: string) => T,
): Promise<T> {
  const connection = openConnection({
    settings,
    user,
    events: new SecurityEvents(),
    purpose: 'verify',
    timeoutMs: STEP_MS,
    bounds: 'gate',
    reportsOutages: false,
  })
  try {
    await connection.ready({ timeoutMs: STEP_MS })
    return await act(connection)
  } catch (error) {
    return failed(isCacheError(error) ? error.code : 'no reason known')
  } finally {
    await connection.close({ timeoutMs: CLOSE_MS }).catch(() => undefined)
  }
}
