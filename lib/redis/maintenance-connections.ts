import { CacheError } from '../errors.js'
import type { SecurityEvents } from '../events.js'
import type { HostPort, RedisSettings, UserSettings } from '../settings/settings.js'
import type { RedisConnection } from './connection.js'
import { openConnection } from './connection.js'
import { addressText } from './identity.js'

const READY_TIMEOUT_MS = 5000

type Credentials = Parameters<RedisConnection['renew']>[0]

/** Who works, and on what. */
export interface MaintenanceLogin {
  readonly settings: RedisSettings
  readonly user: UserSettings
  readonly events: SecurityEvents
  /** Milliseconds for one command. */
  readonly timeoutMs: number
}

/** Connections as user `maintenance`, one to a server, each opened when it is first needed. */
export class MaintenanceConnections {
  readonly #login: MaintenanceLogin
  readonly #byAddress = new Map<string, RedisConnection>()
  #renewed: Credentials = {}

  constructor(login: MaintenanceLogin) {
    this.#login = login
  }

  /** Whether there is a user to work as. */
  get canLogIn(): boolean {
    const { settings, user } = this.#login
    return settings.authentication !== 'acl' || user.password !== undefined
  }

  /** Those that work. */
  get working(): readonly RedisConnection[] {
    return [...this.#byAddress.values()].filter(({ status }) => status === 'up')
  }

  /**
   * A connection that is ready. Rejects with a CacheError, also where there is no user to work as.
   *
   * @param what the work that it is for, for people
   */
  async to(server: RedisSettings, what: string): Promise<RedisConnection> {
    const name = addressText(server)
    const connection = this.#byAddress.get(name) ?? this.open(server, what)
    this.#byAddress.set(name, connection)
    await connection.ready({ timeoutMs: Math.max(READY_TIMEOUT_MS, this.#login.timeoutMs) })
    return connection
  }

  /** A connection that whoever calls closes. */
  open(server: RedisSettings, what: string): RedisConnection {
    const { settings, events, timeoutMs } = this.#login
    const { password = this.#login.user.password, tls = server.tls } = this.#renewed
    const user = { ...this.#login.user, password }
    if (settings.authentication === 'acl' && password === undefined) {
      throw new CacheError(
        'ERR_CACHE_MISUSE',
        `${what} works as the Redis user ${user.username}: set REDIS_MAINTENANCE_PASSWORD`,
      )
    }
    return openConnection({
      settings: { ...server, tls },
      // Without ACL users there is one login for everything.
      user:
        settings.authentication === 'acl'
          ? user
          : { username: settings.username, password: password ?? settings.password },
      events,
      purpose: 'maintenance',
      timeoutMs,
      reportsOutages: false,
      bounds: 'gate',
    })
  }

  /** Closes those to other servers: a node that has left would be called for ever. */
  keep(servers: readonly HostPort[]): void {
    const names = new Set(servers.map(addressText))
    for (const [name, connection] of this.#byAddress) {
      if (names.has(name)) continue
      this.#byAddress.delete(name)
      void connection.close()
    }
  }

  /** Password or certificates have changed; see `RedisConnection.renew`. */
  renew(credentials: Credentials): void {
    this.#renewed = { ...this.#renewed, ...credentials }
    for (const connection of this.#byAddress.values()) connection.renew(credentials)
  }

  async close(options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    await Promise.all([...this.#byAddress.values()].map((connection) => connection.close(options)))
  }
}
