import { isCacheError } from '../errors.js'
import type { MigrationServer } from './server.js'

/** `done`: a restart keeps what was set. Else a sentence, for people, on why it does not. */
export type Persisted =
  | { readonly outcome: 'done' }
  /** `no-file`: it has none to write to. `refused`: it could not write. */
  | { readonly outcome: 'no-file' | 'refused'; readonly note: string }

/**
 * Makes the server write down what was set, so that it survives a restart: users go where they come from, into
 * its aclfile or, without one, into redis.conf (redis.io: CONFIG REWRITE, ACL SAVE).
 */
export async function persist(server: MigrationServer): Promise<Persisted> {
  const { config } = await server.state()
  const info = await server.info()
  const hasFile = (info.get('config_file') ?? '') !== ''
  const failed: string[] = []
  if ((config.get('aclfile') ?? '') !== '' && !(await works(server, 'ACL', 'SAVE'))) failed.push('ACL SAVE')
  if (!hasFile) {
    return {
      outcome: 'no-file',
      note: 'the server has no configuration file: a restart forgets what was set',
    }
  }
  if (!(await works(server, 'CONFIG', 'REWRITE'))) failed.push('CONFIG REWRITE')
  if (failed.length === 0) return { outcome: 'done' }
  return {
    outcome: 'refused',
    note: `the server could not write its files (${failed.join(', ')}): a restart forgets what was set`,
  }
}

async function works(server: MigrationServer, ...command: readonly string[]): Promise<boolean> {
  try {
    await server.ask(...command)
    return true
  } catch (error) {
    if (isCacheError(error) && error.code === 'ERR_REDIS_REPLY') return false
    throw error
  }
}
