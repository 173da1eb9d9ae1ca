import type { RedisOptions } from 'ioredis'
import type { SecurityEvents } from '../events.js'
import type { RedisSettings } from '../settings/settings.js'
import type { Login } from './login.js'

/** What a connection, or those to the nodes of a Cluster, is opened with. */
export interface OpenConnectionOptions {
  readonly settings: RedisSettings
  /** Whom to log in as; the application's own user of the settings where absent. */
  readonly user?: Login | undefined
  readonly events: SecurityEvents
  /** What the connection is for, such as `cache`: for facts. */
  readonly purpose: string
  /** The deadline of one operation. */
  readonly timeoutMs: number
  /** False for secondary connections, so that an outage is told once. */
  readonly reportsOutages?: boolean | undefined
  /**
   * Who bounds the commands. `caller` (the default): whoever sends them, through `send`. `gate`: the
   * connection itself, for a client in foreign hands. `nobody`: commands may block for ever.
   */
  readonly bounds?: 'caller' | 'gate' | 'nobody' | undefined
  /** Connects with the first command or at `connect()`. */
  readonly lazy?: boolean | undefined
  /** Harmless options of ioredis on top, such as `db` and `keyPrefix`. */
  readonly extra?: Partial<RedisOptions> | undefined
  readonly now?: (() => number) | undefined
}
