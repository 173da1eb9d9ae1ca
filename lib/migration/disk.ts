import { setTimeout as pause } from 'node:timers/promises'
import { CacheError, isCacheError } from '../errors.js'
import type { MigrationServer } from './server.js'
import type { ServerState } from './server-state.js'
import { throwIfStopped } from './waiting.js'

/** How a server writes a file of its values anew, and where INFO persistence says whether that went well. */
interface DiskFile {
  readonly isKept: (state: ServerState) => boolean
  readonly command: readonly string[]
  readonly status: string
}

const FILES: readonly DiskFile[] = [
  {
    isKept: ({ config }) => config.get('appendonly') === 'yes',
    command: ['BGREWRITEAOF'],
    status: 'aof_last_bgrewrite_status',
  },
  {
    isKept: ({ config }) => (config.get('save') ?? '') !== '',
    command: ['BGSAVE'],
    status: 'rdb_last_bgsave_status',
  },
]
/** Fields of INFO persistence: one background process at a time. */
const UNDER_WAY = ['aof_rewrite_in_progress', 'aof_rewrite_scheduled', 'rdb_bgsave_in_progress']

/**
 * Has the server write its append-only file and its snapshot anew, where it keeps them, and waits for that: what was
 * overwritten in memory still lies in them otherwise. Returns the commands that were sent.
 *
 * @throws {CacheError} ERR_MIGRATION_CHECK where the server could not, ERR_MIGRATION_WAITING where the run was stopped
 */
export async function renewDisk(
  server: Pick<MigrationServer, 'state' | 'info' | 'ask'>,
  options: { readonly pollMs: number; readonly signal?: AbortSignal | undefined },
): Promise<readonly string[]> {
  const state = await server.state()
  const sent: string[] = []
  for (const { isKept, command, status } of FILES) {
    if (!isKept(state)) continue
    await begin(server, command, options)
    if ((await idle(server, options)).get(status) !== 'ok') throw failed(command.join(' '))
    sent.push(command.join(' '))
  }
  return sent
}

/** Sends the command until the server takes it, at once or for later: another background process may be under way. */
async function begin(
  server: Pick<MigrationServer, 'info' | 'ask'>,
  command: readonly string[],
  options: Parameters<typeof idle>[1],
): Promise<void> {
  for (;;) {
    await idle(server, options)
    try {
      await server.ask(...command)
      return
    } catch (error) {
      if (!isCacheError(error) || error.code !== 'ERR_REDIS_REPLY') throw error
      // Either something has just begun, or the server cannot fork.
      if (!isBusy(await server.info())) throw failed(command.join(' '))
    }
  }
}

/** INFO, once nothing is under way. */
async function idle(
  server: Pick<MigrationServer, 'info'>,
  { pollMs, signal }: { readonly pollMs: number; readonly signal?: AbortSignal | undefined },
): Promise<ReadonlyMap<string, string>> {
  for (;;) {
    const info = await server.info()
    if (!isBusy(info)) return info
    throwIfStopped(signal)
    await pause(pollMs)
  }
}

function isBusy(info: ReadonlyMap<string, string>): boolean {
  return UNDER_WAY.some((field) => (info.get(field) ?? '0') !== '0')
}

function failed(command: string): CacheError {
  return new CacheError(
    'ERR_MIGRATION_CHECK',
    `the server could not write its files anew (${command}), and until it can it may refuse writes: its log says why. ` +
      'What lies on its disk still holds values as they were. Make its folder writable, or have it keep nothing (CONFIG SET save "", appendonly no), and run the same command again',
  )
}
