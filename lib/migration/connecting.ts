import { CacheError, isCacheError } from '../errors.js'
import { roleOf } from '../access/roles.js'
import { Secret } from '../settings/secret.js'
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
  /** Whether a server that has forgotten everything will do: it can only be taken back. */
  readonly goesBack?: boolean | undefined
  /** What the default user asks for today, where that is not REDIS_PASSWORD. */
  readonly currentPassword?: Secret | undefined
}

/**
 * Reaches the server by the way that works now, after whatever the last run did. Before the migration: without
 * a login, or as the default user where it asks for one: with the password given for it, else with that of the
 * journal (requirepass), else with REDIS_PASSWORD.
 */
export async function connectTo(
  options: ConnectOptions,
  progress: Progress,
): Promise<{
  readonly server: MigrationServer
  readonly place: Place
  /** Whether it serves as it did before the migration, although the journal has gone on. */
  readonly hasForgotten: boolean
}> {
  const begun = progress.begun?.place
  const open: Place = { ...options.today, tlsPort: options.tlsPort, login: 'none' }
  if (begun !== undefined) return { ...(await reachAgain(options, progress, begun)), place: begun }
  try {
    return { server: await reach(options, progress, open), place: open, hasForgotten: false }
  } catch (error) {
    if (!isCacheError(error) || error.code !== 'ERR_REDIS_NOAUTH') throw error
    if (passwordOfToday(options, progress) === undefined) throw error
    const place: Place = { ...open, login: 'password' }
    return { server: await reachWithPassword(options, progress, place), place, hasForgotten: false }
  }
}

/** @throws {CacheError} ERR_REDIS_WRONGPASS, which tells how to name the password of today */
async function reachWithPassword(
  options: ConnectOptions,
  progress: Progress,
  place: Place,
): Promise<MigrationServer> {
  try {
    return await reach(options, progress, place)
  } catch (error) {
    const isWrong = isCacheError(error) && error.code === 'ERR_REDIS_WRONGPASS'
    if (!isWrong || options.currentPassword !== undefined) throw error
    throw new CacheError(
      'ERR_REDIS_WRONGPASS',
      'the server asks for a password, and REDIS_PASSWORD, which the admin gets, is another one: ' +
        'name a file that holds the password of today with --current-password-file',
    )
  }
}

/** @throws {CacheError} ERR_MIGRATION_CHANGED for a server that a restart has brought back to where it was */
async function reachAgain(
  options: ConnectOptions,
  progress: Progress,
  place: Place,
): Promise<{ readonly server: MigrationServer; readonly hasForgotten: boolean }> {
  try {
    return { server: await reach(options, progress, place), hasForgotten: false }
  } catch (error) {
    const server = await reachForgotten(options, progress, place)
    if (server === undefined) throw error
    if (options.goesBack === true) return { server, hasForgotten: true }
    await server.close()
    throw new CacheError('ERR_MIGRATION_CHANGED', FORGOTTEN)
  }
}

/** What to do with a server that serves as it did before, though its migration has gone on. */
export const FORGOTTEN =
  'the server was restarted and has forgotten what was set: it serves whoever it served before, and sealed values are still sealed. ' +
  'Start it from the generated redis.conf; or take the migration back, which uses the old way in (secure-cache migrate rollback --all), ' +
  'give the server a configuration file, and begin anew'

/** The server over the way of before, where that leads to one without our users. */
async function reachForgotten(
  options: ConnectOptions,
  progress: Progress,
  place: Place,
): Promise<MigrationServer | undefined> {
  const destination = destinationOf(options, progress, place)
  const server = new MigrationServer(destination)
  try {
    await server.use(START)
    const { users } = await server.state()
    if (!users.has(destination.admin.username ?? '')) return server
  } catch {
    // Then it is away, or still as the migration has left it: what was said first says more.
  }
  await server.close()
  return undefined
}

async function reach(options: ConnectOptions, progress: Progress, place: Place): Promise<MigrationServer> {
  const server = new MigrationServer(destinationOf(options, progress, place))
  try {
    await server.use(presentWay(options.steps, progress))
    await server.ask('PING')
    return server
  } catch (error) {
    await server.close()
    throw error
  }
}

function passwordOfToday(
  { currentPassword, settings }: ConnectOptions,
  { begun }: Progress,
): Secret | undefined {
  const [, kept = ''] = begun?.config.find(([name]) => name === 'requirepass') ?? []
  return (
    currentPassword ??
    (kept === '' ? settings.users.admin.password : new Secret(Buffer.from(kept, 'latin1').toString('utf8')))
  )
}

function destinationOf(options: ConnectOptions, progress: Progress, place: Place): Destination {
  const { redis, users } = options.settings
  const { username, password } = users.admin
  const today = place.login === 'password' ? passwordOfToday(options, progress) : undefined
  return {
    today: { host: place.host, port: place.port },
    todayLogin: today === undefined ? {} : { password: today },
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
