import { setTimeout as pause } from 'node:timers/promises'
import { CacheError, isCacheError } from '../errors.js'
import type { Login } from '../redis/login.js'
import { probeAnonymous, probePlaintext } from '../redis/probe.js'
import type { MigrationServer } from './server.js'
import { settingsOf } from './server-way.js'
import { recentDenials } from './denials.js'
import type { CheckParts } from './step.js'

const DENIALS_POLL_MS = 200

/**
 * Logs in over a connection of its own, on the transport of the migration, and tries commands.
 *
 * @throws {CacheError} ERR_MIGRATION_CHECK where the login or one of them fails
 */
export async function checkLogin(
  { server }: CheckParts,
  login: Login,
  commands: readonly (readonly string[])[] = [['PING']],
): Promise<void> {
  await withLogin(server, login, async (send) => {
    for (const [command = '', ...args] of commands) await send(command, ...args)
  })
}

/** @throws {CacheError} ERR_MIGRATION_CHECK where the user may do it */
export async function checkDenied(
  { server }: CheckParts,
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
export async function checkAnonymousRefused({ server }: CheckParts): Promise<void> {
  const settings = settingsOf(server.destination, { transport: server.way.transport, login: 'admin' })
  const { outcome } = await probeAnonymous(settings)
  if (outcome !== 'refused') throw failed('a connection without login was not refused with NOAUTH')
}

/** @throws {CacheError} ERR_MIGRATION_CHECK where the port of today still speaks plaintext */
export async function checkPlaintextGone({ server }: CheckParts): Promise<void> {
  const { host, port } = server.destination.today
  if ((await probePlaintext(host, port)) === 'plaintext') throw failed('the plaintext port still answers')
}

/** @throws {CacheError} ERR_MIGRATION_CHECK where the old way, which was opened again, does not work */
export async function checkOldWay({ server }: CheckParts, transport: 'plain' | 'tls'): Promise<void> {
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

/**
 * Watches for a while whether the user, whose rights have just been narrowed, is denied something.
 *
 * @throws {CacheError} ERR_MIGRATION_CHECK where it is: the command is named
 */
export async function checkNothingDenied(
  { server, settleMs, since }: CheckParts,
  user: string,
): Promise<void> {
  for (;;) {
    const elapsedMs = performance.now() - since
    const denied = await recentDenials(server, user, elapsedMs / 1000)
    if (denied.length > 0) {
      throw failed(`${user} was denied ${denied.join(', ')}; whatever needs that needs a user of its own`)
    }
    if (elapsedMs >= settleMs) return
    await pause(Math.min(settleMs, DENIALS_POLL_MS))
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
