import { CacheError, isCacheError } from '../errors.js'
import type { Login } from '../redis/login.js'
import { probeAnonymous, probePlaintext } from '../redis/probe.js'
import type { MigrationServer } from './server.js'
import { settingsOf } from './server-way.js'
import type { StepContext } from './step.js'

interface Parts {
  readonly context: StepContext
  readonly server: MigrationServer
}

/**
 * Logs in over a connection of its own, on the transport of the migration, and tries commands.
 *
 * @throws {CacheError} ERR_MIGRATION_CHECK where the login or one of them fails
 */
export async function checkLogin(
  { server }: Parts,
  login: Login,
  commands: readonly (readonly string[])[] = [['PING']],
): Promise<void> {
  await withLogin(server, login, async (send) => {
    for (const [command = '', ...args] of commands) await send(command, ...args)
  })
}

/** @throws {CacheError} ERR_MIGRATION_CHECK where the user may do it */
export async function checkDenied(
  { server }: Parts,
  login: Login,
  [command = '', ...args]: readonly string[],
): Promise<void> {
  await withLogin(server, login, async (send) => {
    try {
      await send(command, ...args)
    } catch (error) {
      if (isCacheError(error) && error.code === 'ERR_REDIS_NOPERM') return
      throw error
    }
    throw failed(`the user ${login.username ?? 'default'} may still send ${command}`)
  })
}

/** @throws {CacheError} ERR_MIGRATION_CHECK where the server serves somebody who has not logged in */
export async function checkAnonymousRefused({ server }: Parts): Promise<void> {
  const settings = settingsOf(server.destination, { transport: server.way.transport, login: 'admin' })
  const { outcome } = await probeAnonymous(settings)
  if (outcome !== 'refused') throw failed('a connection without login was not refused with NOAUTH')
}

/** @throws {CacheError} ERR_MIGRATION_CHECK where the port of today still speaks plaintext */
export async function checkPlaintextGone({ server }: Parts): Promise<void> {
  const { host, port } = server.destination.today
  if ((await probePlaintext(host, port)) === 'plaintext') throw failed('the plaintext port still answers')
}

/** @throws {CacheError} ERR_MIGRATION_CHECK where the old way, which was opened again, does not work */
export async function checkOldWay({ server }: Parts, transport: 'plain' | 'tls'): Promise<void> {
  const connection = server.open({ transport, login: 'today' }, 'check')
  try {
    await connection.ready()
    await connection.client.ping()
  } catch (error) {
    throw failed(`the old way does not work yet (${codeOf(error)})`)
  } finally {
    await connection.close()
  }
}

async function withLogin(
  server: MigrationServer,
  login: Login,
  work: (send: (command: string, ...args: string[]) => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const connection = server.openAs(login, 'check')
  try {
    await connection.ready()
    await work((command, ...args) => connection.client.call(command, ...args))
  } catch (error) {
    if (isCacheError(error) && error.code === 'ERR_MIGRATION_CHECK') throw error
    throw failed(`the user ${login.username ?? 'default'} cannot work (${codeOf(error)})`)
  } finally {
    await connection.close()
  }
}

function codeOf(error: unknown): string {
  return isCacheError(error) ? error.code : 'unexpected failure'
}

function failed(what: string): CacheError {
  return new CacheError('ERR_MIGRATION_CHECK', `the check of the step failed: ${what}`)
}
