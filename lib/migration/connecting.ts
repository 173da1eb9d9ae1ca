import { CacheError, isCacheError } from '../errors.js'
import { roleOf } from '../access/roles.js'
import type { Settings } from '../settings/settings.js'
import { presentWay, START } from './position.js'
import type { Progress } from './progress.js'
import type { Place } from './records.js'
import { MigrationServer } from './server.js'
import type { Destination } from './server-way.js'
import type { Step } from './step.js'

export interface ConnectOptions {
  readonly settings: Settings
  readonly steps: readonly Step[]
  /** The plaintext address of today. The journal's word wins once the migration has begun. */
  readonly today: { readonly host: string; readonly port: number }
  readonly tlsPort: number
}

/**
 * Reaches the server by the way that works now, after whatever the last run did. Before the migration: without
 * a login, or as the default user with REDIS_PASSWORD where it asks for one.
 */
export async function connectTo(
  options: ConnectOptions,
  progress: Progress,
): Promise<{
  readonly server: MigrationServer
  readonly place: Place
}> {
  const begun = progress.begun?.place
  const open: Place = { ...options.today, tlsPort: options.tlsPort, login: 'none' }
  if (begun !== undefined) return { server: await reachAgain(options, progress, begun), place: begun }
  try {
    return { server: await reach(options, progress, open), place: open }
  } catch (error) {
    const asks = isCacheError(error) && error.code === 'ERR_REDIS_NOAUTH'
    if (!asks || options.settings.users.admin.password === undefined) throw error
    const place: Place = { ...open, login: 'password' }
    return { server: await reach(options, progress, place), place }
  }
}

/** @throws {CacheError} ERR_MIGRATION_CHANGED for a server that a restart has brought back to where it was */
async function reachAgain(
  options: ConnectOptions,
  progress: Progress,
  place: Place,
): Promise<MigrationServer> {
  try {
    return await reach(options, progress, place)
  } catch (error) {
    if (!(await hasForgotten(options.settings, place))) throw error
    throw new CacheError(
      'ERR_MIGRATION_CHANGED',
      'the server was restarted and has forgotten what was set: it serves whoever it served before. ' +
        'Start it from the generated redis.conf; or secure it anew while it runs, with another --folder for the new journal',
    )
  }
}

/** Whether the way of before works and leads to a server without our users. */
async function hasForgotten(settings: Settings, place: Place): Promise<boolean> {
  const destination = destinationOf(settings, place)
  const server = new MigrationServer(destination)
  try {
    await server.use(START)
    const { users } = await server.state()
    return !users.has(destination.admin.username ?? '')
  } catch {
    return false
  } finally {
    await server.close()
  }
}

async function reach(options: ConnectOptions, progress: Progress, place: Place): Promise<MigrationServer> {
  const server = new MigrationServer(destinationOf(options.settings, place))
  try {
    await server.use(presentWay(options.steps, progress))
    await server.ask('PING')
    return server
  } catch (error) {
    await server.close()
    throw error
  }
}

function destinationOf({ redis, users }: Settings, place: Place): Destination {
  const { username, password } = users.admin
  return {
    today: { host: place.host, port: place.port },
    todayLogin: place.login === 'password' && password !== undefined ? { password } : {},
    admin: {
      // The default user goes off, so it cannot be ours.
      username: username === 'default' ? roleOf('admin').username : username,
      password,
    },
    tlsPort: place.tlsPort,
    tls: redis.tls,
    connectTimeoutMs: redis.connectTimeoutMs,
    keyPrefix: redis.keyPrefix,
  }
}
