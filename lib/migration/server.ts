import { CacheError } from '../errors.js'
import { SecurityEvents } from '../events.js'
import { openConnection, type RedisConnection } from '../redis/connection.js'
import type { Login } from '../redis/login.js'
import { fromRedis } from '../redis/redis-errors.js'
import { stringAt, writeWatched } from '../redis/watched-write.js'
import { parseServerVersion, type ServerVersion } from '../redis/versions.js'
import { readConfig, readUsers, type ServerState } from './server-state.js'
import { settingsOf, type Destination, type Way } from './server-way.js'

/** A change of configuration is small work, but the server may be busy with a client's. */
const STEP_TIMEOUT_MS = 30_000
const READY_TIMEOUT_MS = 10_000

/** A client of the server, as CLIENT LIST shows it. */
export interface ServerClient {
  readonly id: string
  /** Address and port that it came to; the path of a unix socket. */
  readonly local: string
  readonly user: string
  /** Its last command, as ACL rules write it; `NULL` before the first. */
  readonly command: string
  readonly flags: string
  /** Number of the database that it has selected. */
  readonly database: number
}

/** The server under migration, over one connection with full rights. */
export class MigrationServer {
  readonly destination: Destination
  #connection: RedisConnection | undefined
  #way: Way = { transport: 'plain', login: 'today' }

  constructor(destination: Destination) {
    this.destination = destination
  }

  get way(): Way {
    return this.#way
  }

  /** Connects over that way, and leaves the other one once this one works. */
  async use(way: Way): Promise<void> {
    const before = this.#connection
    if (before !== undefined && before.status === 'up' && same(way, this.#way)) return
    const next = this.open(way, 'migration')
    try {
      await next.ready({ timeoutMs: READY_TIMEOUT_MS })
    } catch (error) {
      await next.close()
      throw error
    }
    this.#connection = next
    this.#way = way
    await before?.close()
  }

  /** A connection of its own over that way. Whoever opens it closes it. */
  open(way: Way = this.#way, purpose = 'migration'): RedisConnection {
    return this.#connect(way, purpose)
  }

  /** A connection of its own as somebody else, over the present transport. Whoever opens it closes it. */
  openAs(user: Login, purpose: string): RedisConnection {
    return this.#connect(this.#way, purpose, user)
  }

  #connect(way: Way, purpose: string, user?: Login): RedisConnection {
    return openConnection({
      settings: settingsOf(this.destination, way),
      ...(user === undefined ? {} : { user }),
      events: new SecurityEvents(),
      purpose,
      timeoutMs: STEP_TIMEOUT_MS,
      reportsOutages: false,
      bounds: 'gate',
    })
  }

  /** Sends a command; texts are Latin-1 for bytes, both ways. */
  async ask(...words: readonly string[]): Promise<unknown> {
    const [command = '', ...args] = words
    const connection = await this.#ready()
    try {
      return toText(
        await connection.client.callBuffer(
          command,
          args.map((word) => Buffer.from(word, 'latin1')),
        ),
      )
    } catch (error) {
      throw fromRedis(error, `${command} ${args[0] ?? ''}`.trim())
    }
  }

  /**
   * Sends the command that is chosen from what lies under a key, only while that still lies there. `text` is absent
   * for what is no string, `ttlMs` is -1 for no end and -2 for no key. One at a time on this connection.
   */
  async decide(
    key: string,
    choose: (found: {
      readonly text: string | undefined
      readonly ttlMs: number
    }) => readonly string[] | undefined,
  ): Promise<'written' | 'left' | 'overtaken'> {
    const { client } = await this.#ready()
    const name = Buffer.from(key, 'latin1')
    return writeWatched(client, {
      keys: [name],
      async read() {
        const [value, ttlMs] = await Promise.all([stringAt(client, name), client.pttl(name)])
        return { text: value?.toString('latin1'), ttlMs }
      },
      write(found) {
        const [command, ...args] = choose(found) ?? []
        return command === undefined ? [] : [[command, ...args.map((word) => Buffer.from(word, 'latin1'))]]
      },
    })
  }

  async texts(...words: readonly string[]): Promise<readonly string[]> {
    return asTexts(await this.ask(...words))
  }

  async state(): Promise<ServerState> {
    const config = readConfig(await this.texts('CONFIG', 'GET', '*'))
    return { config, users: readUsers(await this.texts('ACL', 'LIST')) }
  }

  /** Fields of INFO. */
  async info(): Promise<ReadonlyMap<string, string>> {
    const text = String(await this.ask('INFO', 'everything'))
    return new Map(
      text.split(/\r?\n/).flatMap((line) => {
        const colon = line.indexOf(':')
        return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const]
      }),
    )
  }

  /** Everybody but this connection. */
  async clients(): Promise<readonly ServerClient[]> {
    const own = String(await this.ask('CLIENT', 'ID'))
    const list = String(await this.ask('CLIENT', 'LIST'))
    return list
      .split('\n')
      .filter((line) => line !== '')
      .map(readClient)
      .filter(({ id }) => id !== own)
  }

  async close(): Promise<void> {
    await this.#connection?.close()
    this.#connection = undefined
  }

  async #ready(): Promise<RedisConnection> {
    const connection = this.#connection
    if (connection === undefined) throw new CacheError('ERR_CACHE_CLOSED', 'the connection was closed')
    await connection.ready({ timeoutMs: READY_TIMEOUT_MS })
    return connection
  }
}

/** The version that INFO names. @throws CacheError where it is none that we know */
export function versionOf(info: ReadonlyMap<string, string>): ServerVersion {
  const valkey = info.get('valkey_version')
  const text = valkey === undefined ? info.get('redis_version') : `valkey-${valkey}`
  const version = parseServerVersion(/^(?:valkey-)?\d+\.\d+/.exec(text ?? '')?.[0] ?? '')
  if (version === undefined) {
    throw new CacheError('ERR_REDIS_PROTOCOL', 'the server does not say which version it is')
  }
  return version
}

function same(a: Way, b: Way): boolean {
  return a.login === b.login && a.transport === b.transport
}

function toText(reply: unknown): unknown {
  if (Buffer.isBuffer(reply)) return reply.toString('latin1')
  return Array.isArray(reply) ? reply.map(toText) : reply
}

function asTexts(reply: unknown): readonly string[] {
  return Array.isArray(reply) ? reply.map(String) : []
}

function readClient(line: string): ServerClient {
  const fields = new Map(
    line.split(' ').map((field) => {
      const equals = field.indexOf('=')
      return [field.slice(0, equals), field.slice(equals + 1)] as const
    }),
  )
  return {
    id: fields.get('id') ?? '',
    local: fields.get('laddr') ?? '',
    user: fields.get('user') ?? '',
    command: fields.get('cmd') ?? '',
    flags: fields.get('flags') ?? '',
    database: Number(fields.get('db') ?? 0),
  }
}
