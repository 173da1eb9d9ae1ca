import { foreignText } from '../foreign-text.js'

/**
 * What a server looked like at one moment: every directive of CONFIG GET * and every user of ACL LIST. All
 * texts are bytes read as Latin-1, so that whatever a server holds comes back to it exactly.
 */
export interface ServerState {
  /** Directive to value. */
  readonly config: ReadonlyMap<string, string>
  /** User name to rules, as ACL LIST writes them, a selector in its parentheses as one. */
  readonly users: ReadonlyMap<string, readonly string[]>
}

/** Something of a server that is set as a whole: a directive or a user. */
export type ItemKind = 'config' | 'user'

/** Names an item, such as `directive port`, `user default`. */
export function itemName(kind: ItemKind, name: string): string {
  return kind === 'config' ? `directive ${name}` : `user ${shownName(name)}`
}

/** Tells items apart; not for printing. */
export function itemId(kind: ItemKind, name: string): string {
  return `${kind} ${name}`
}

/** A name as it may be printed: whoever may make users chooses its bytes, escape codes among them. */
export function shownName(name: string): string {
  return foreignText(Buffer.from(name, 'latin1').toString('utf8'))
}

/** Bytes as this room keeps them. */
export function fromUtf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** CONFIG GET *: name and value in turn. */
export function readConfig(reply: readonly string[]): ReadonlyMap<string, string> {
  const config = new Map<string, string>()
  for (let at = 0; at + 1 < reply.length; at += 2) config.set(reply[at] ?? '', reply[at + 1] ?? '')
  return config
}

/** ACL LIST: `user NAME RULE …` a line. */
export function readUsers(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  return new Map(
    lines.map((line) => {
      const [, name = '', ...rules] = wordsOf(line)
      return [name, rules] as const
    }),
  )
}

/** Words between blanks; what stands in parentheses (a selector, Redis 7.0) is one. */
function wordsOf(line: string): readonly string[] {
  return line.match(/\([^)]*\)|[^ ]+/g) ?? []
}

/** Items that differ, by name; the values stay unsaid, for they may be secret. */
export function differences(expected: ServerState, found: ServerState): readonly string[] {
  return [
    ...namesThatDiffer(expected.config, found.config, (a, b) => a === b).map((name) =>
      itemName('config', name),
    ),
    ...namesThatDiffer(expected.users, found.users, sameRules).map((name) => itemName('user', name)),
  ]
}

/** What a user does who was never told otherwise; Redis adds the word when it reads its file (tried on 7.0.15). */
const UNSAID = 'sanitize-payload'

/** The same rules in the same order: ACL LIST is stable. */
export function sameRules(a: readonly string[], b: readonly string[]): boolean {
  const [said, also] = [a, b].map((rules) => rules.filter((rule) => rule !== UNSAID).join(' '))
  return said === also
}

function namesThatDiffer<V>(
  a: ReadonlyMap<string, V>,
  b: ReadonlyMap<string, V>,
  same: (a: V, b: V) => boolean,
): readonly string[] {
  const names = new Set([...a.keys(), ...b.keys()])
  return [...names].filter((name) => {
    const [x, y] = [a.get(name), b.get(name)]
    return x === undefined || y === undefined ? x !== y : !same(x, y)
  })
}
