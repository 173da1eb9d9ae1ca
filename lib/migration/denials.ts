import type { MigrationServer } from './server.js'

const ENTRIES = '128'

/**
 * What a user was denied within the last seconds, in words: the command's name, but never a key's. From ACL LOG,
 * whose entries are renewed when the same denial happens again.
 */
export async function recentDenials(
  server: Pick<MigrationServer, 'ask'>,
  user: string,
  withinSeconds: number,
): Promise<readonly string[]> {
  const reply = await server.ask('ACL', 'LOG', ENTRIES)
  const entries = Array.isArray(reply) ? reply.map(readEntry) : []
  const denied = entries
    .filter((entry) => entry.get('username') === user && Number(entry.get('age-seconds')) <= withinSeconds)
    // A failed login under this name: anybody can try one, and no right of the user's has to do with it.
    .filter((entry) => entry.get('reason') !== 'auth')
    .map((entry) => inWords(entry.get('reason') ?? '', entry.get('object') ?? ''))
  return [...new Set(denied)]
}

function inWords(reason: string, object: string): string {
  if (reason === 'command' && /^[a-z|-]{1,40}$/.test(object)) return `the command ${object}`
  return reason === 'key' ? 'a key that is not under the prefix' : 'a channel or command'
}

function readEntry(entry: unknown): ReadonlyMap<string, string> {
  const flat = Array.isArray(entry) ? entry.map(String) : []
  const fields = new Map<string, string>()
  for (let at = 0; at + 1 < flat.length; at += 2) fields.set(flat[at] ?? '', flat[at + 1] ?? '')
  return fields
}
