import { knows, type ServerVersion } from '../redis/versions.js'
import type { MigrationServer } from './server.js'
import { itemName, readUsers, sameRules, type ItemKind, type ServerState } from './server-state.js'

/** What a step does to a server: one directive or one user, set as a whole. */
export type Change =
  | { readonly kind: 'config'; readonly name: string; readonly value: string }
  /** `rules` as ACL LIST writes them: all of the user's rights, not an addition to them. */
  | { readonly kind: 'user'; readonly name: string; readonly rules: readonly string[] }

/** What an item was: a value, rules, or `null` for a user that there was not. */
export type Content = string | readonly string[] | null

export interface Item {
  readonly kind: ItemKind
  readonly name: string
}

/** The present content of an item. */
export async function contentOf(server: MigrationServer, { kind, name }: Item): Promise<Content> {
  const state = await server.state()
  return contentIn(state, { kind, name })
}

export function contentIn(state: ServerState, { kind, name }: Item): Content {
  return kind === 'config' ? (state.config.get(name) ?? '') : (state.users.get(name) ?? null)
}

export function sameContent(a: Content, b: Content): boolean {
  if (typeof a === 'string' || typeof b === 'string' || a === null || b === null) return a === b
  return sameRules(a, b)
}

/** Makes the item what the change says. Doing it twice is doing it once. */
export async function apply(server: MigrationServer, version: ServerVersion, change: Change): Promise<void> {
  await set(server, version, {
    item: change,
    content: change.kind === 'config' ? change.value : change.rules,
  })
}

/** Gives an item the content that it had. */
export async function restore(
  server: MigrationServer,
  version: ServerVersion,
  to: { readonly item: Item; readonly content: Content },
): Promise<void> {
  await set(server, version, to)
}

async function set(
  server: MigrationServer,
  version: ServerVersion,
  { item, content }: { readonly item: Item; readonly content: Content },
): Promise<void> {
  const { kind, name } = item
  if (kind === 'config') {
    await server.ask('CONFIG', 'SET', name, typeof content === 'string' ? content : '')
  } else if (content === null || typeof content === 'string') {
    await server.ask('ACL', 'DELUSER', name)
  } else {
    await server.ask('ACL', 'SETUSER', name, ...cleared(version), ...content)
  }
}

/**
 * Takes every right away. Not `reset`: that also sets the flag `sanitize-payload`, which a user of
 * redis.conf, and the default user, need not have; nothing takes it away again (tried on 7.0.15).
 */
function cleared(version: ServerVersion): readonly string[] {
  const selectors = knows(version, 'clearselectors') ? ['clearselectors'] : []
  return ['resetpass', 'resetkeys', 'resetchannels', ...selectors, '-@all']
}

/** What a change does, for people: names, never values. */
export function describe(change: Change): string {
  return `set ${itemName(change.kind, change.name)}`
}

/** Rules of a line of users.acl: `user NAME RULE …`. */
export function rulesOf(line: string): readonly string[] {
  const [rules] = readUsers([line]).values()
  return rules ?? []
}
