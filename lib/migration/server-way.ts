import type { Login } from '../redis/login.js'
import type { HostPort, RedisSettings, TlsSettings } from '../settings/settings.js'

/** How the migration reaches the server: over which transport, and as whom. */
export interface Way {
  /** `plain`: as the server is today; `tls`: the port that the TLS step opens. */
  readonly transport: 'plain' | 'tls'
  /** `today`: the login that the server asks for before the migration, if any; `admin`: our own. */
  readonly login: 'today' | 'admin'
}

/** Where the server is, and who may change it. */
export interface Destination {
  /** The plaintext address of today. */
  readonly today: HostPort
  /** The login of today; without a password where the server is open. */
  readonly todayLogin: Login
  readonly admin: Login
  /** The port that TLS gets. */
  readonly tlsPort: number
  readonly tls?: TlsSettings | undefined
  readonly connectTimeoutMs: number
  readonly keyPrefix: string
}

/** Settings of a connection over that way. */
export function settingsOf(destination: Destination, way: Way): RedisSettings {
  const { today, tlsPort, tls, connectTimeoutMs, keyPrefix } = destination
  const { username, password } = loginOf(destination, way)
  return {
    topology: 'standalone',
    host: today.host,
    port: way.transport === 'tls' ? tlsPort : today.port,
    sentinels: [],
    clusterNodes: [],
    authentication: password === undefined ? 'none' : 'acl',
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(way.transport === 'tls' && tls !== undefined ? { tls } : {}),
    keyPrefix,
    connectTimeoutMs,
  }
}

function loginOf({ admin, todayLogin }: Destination, { login }: Way): Login {
  return login === 'admin' ? admin : todayLogin
}
