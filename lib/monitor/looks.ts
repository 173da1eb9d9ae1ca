import type { AclDrillUser } from './access-drill.js'
import { probeAnonymous, probePlaintext } from '../redis/probe.js'
import { atNode } from '../redis/server-address.js'
import { parseServerVersion } from '../redis/versions.js'
import { createRedactor, secretsOf } from '../redact.js'
import type { Settings } from '../settings/settings.js'
import { MonitorSession } from './monitor-session.js'
import { NetworkLook } from './network-look.js'
import { CannotSee } from './observer.js'
import type { Looks } from './observer.js'
import type { AnonymousAnswer } from './observations.js'
import { SelfTest } from './self-test.js'
import { ServerWatch } from './server-watch.js'
import type { WatchedParts } from './watched-parts.js'

/** What looks at a cache, and the end of everything that the looks have opened. */
export interface LooksAtCache {
  readonly looks: Looks
  readonly close: () => Promise<void>
  /** Password or certificates of user monitor have changed. */
  readonly renew: MonitorSession['renew']
}

export function looksAt(parts: WatchedParts): LooksAtCache {
  const selfTest = new SelfTest(parts.place('@check'))
  const { connection } = parts
  if (connection === undefined) {
    return { looks: { selfTest: () => selfTest.run() }, close: async () => undefined, renew: () => undefined }
  }
  const { redis } = parts.settings
  const session = new MonitorSession(parts)
  const asMonitor = parts.settings.users.monitor.password === undefined ? refuse : runs
  const watch = new ServerWatch({
    session,
    events: parts.events,
    monitor: parts.monitor,
    place: parts.place('@watch'),
    users: drillUsers(parts.settings),
    keyPrefix: redis.keyPrefix,
    hide: createRedactor(secretsOf(parts.settings)).hide,
    authFailuresPerHour: parts.settings.security.authFailuresPerHour,
    now: parts.now ?? Date.now,
  })
  const network = new NetworkLook({
    address: () => connection.address,
    live: () => {
      const { remoteAddress, tls } = connection.facts()
      return { remoteAddress, overTls: tls !== undefined }
    },
    tcpPort: async () => (asMonitor === runs ? (await session.info()).tcpPort : undefined),
    answersPlaintext: async (host, port) => (await probePlaintext(host, port)) === 'plaintext',
    now: parts.now ?? Date.now,
  })
  return {
    looks: {
      selfTest: () => selfTest.run(),
      anonymous: () => lookAnonymously(atNode(redis, connection.address)),
      network: () => network.look(),
      clients: asMonitor('CLIENT LIST', () => watch.clients()),
      serverFailures: asMonitor("the server's counter of failed logins", () => watch.failures()),
      access: asMonitor('the rights of our users', () => watch.access(versionOf(parts))),
    },
    close: () => session.close(),
    renew: (credentials) => {
      session.renew(credentials)
    },
  }
}

/** With our certificate and without a login. */
async function lookAnonymously(redis: Settings['redis']): Promise<AnonymousAnswer> {
  const { outcome, error } = await probeAnonymous(redis)
  if (outcome !== 'unknown') return outcome === 'refused' ? 'login_required' : 'served'
  throw error ?? new CannotSee('the answer to a connection without a login was neither yes nor no', LOOK_LOG)
}

const LOOK_LOG = "look into the server's log"

function runs<T>(_what: string, look: () => Promise<T>): () => Promise<T> {
  return look
}

function refuse<T>(what: string): () => Promise<T> {
  return () =>
    Promise.reject(
      new CannotSee(
        `${what} cannot be read without user monitor`,
        'set REDIS_MONITOR_PASSWORD; the generated users.acl has the user',
      ),
    )
}

/** Roles that are in use: those with a password. */
function drillUsers({ redis, users }: Settings): readonly AclDrillUser[] {
  if (redis.authentication !== 'acl') return []
  const others = (['maintenance', 'health', 'monitor'] as const)
    .filter((role) => users[role].password !== undefined)
    .map((role) => ({ role, username: users[role].username }))
  return [{ role: 'cache', username: redis.username ?? users.cache.username }, ...others]
}

function versionOf({ connection }: WatchedParts): NonNullable<ReturnType<typeof parseServerVersion>> {
  const version = parseServerVersion(connection?.facts().serverVersion ?? '')
  if (version === undefined) throw new CannotSee('the version of the server is not known yet', 'look again')
  return version
}
