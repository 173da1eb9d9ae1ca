/** Commands of which the first argument is a command of its own. */
const CONTAINERS = new Set(['acl', 'client', 'cluster', 'command', 'config', 'function', 'module', 'script'])

/** Writes down who sent what, from requests as they pass a proxy. */
export class SentCommands {
  readonly #byUser = new Map<string, Set<string>>()
  readonly #users = new Map<number, string>()

  /** A complete request of the connection with this number. */
  readonly heard = (request: Buffer, connection: number): void => {
    const words = wordsOf(request)
    const [name = ''] = words.map((word) => word.toLowerCase())
    const login = words.findIndex((word) => word.toLowerCase() === 'auth')
    if (login !== -1 && (name === 'hello' || name === 'auth')) {
      this.#users.set(connection, words[login + 1] ?? '')
    }
    this.note(this.#users.get(connection) ?? '', words)
  }

  /** One command of a user. */
  note(user: string, words: readonly string[]): void {
    const [name = '', first = ''] = words.map((word) => word.toLowerCase())
    const sent = this.#byUser.get(user) ?? new Set()
    sent.add(CONTAINERS.has(name) ? `${name}|${first}` : name)
    this.#byUser.set(user, sent)
  }

  /** As ACL rules write them, in order. */
  by(user: string): readonly string[] {
    return [...(this.#byUser.get(user) ?? [])].toSorted()
  }
}

/** Only short requests are told apart by their words; what a value holds is nobody's concern here. */
function wordsOf(request: Buffer): readonly string[] {
  return request
    .toString('latin1')
    .split('\r\n')
    .filter((_line, index) => index > 0 && index % 2 === 0)
}
