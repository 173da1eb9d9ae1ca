import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { KeyRing } from '../../lib/crypto/key-ring.js'
import { Migration, type MigrationOptions } from '../../lib/migration/migration.js'
import type { RunEvent } from '../../lib/migration/runner.js'
import { readSettings } from '../../lib/settings/read.js'
import type { Settings } from '../../lib/settings/settings.js'
import { freePort } from './redis-process.js'
import { startRedis, type RedisServerOptions, type RunningRedis } from './redis-server.js'

/** Everything of a server that a way back has to bring back. */
export interface ServerLook {
  readonly config: Readonly<Record<string, string>>
  readonly users: readonly string[]
}

/** An open Redis, as teams have them, and what a migration of it needs. */
export interface OpenRedis {
  readonly server: RunningRedis
  readonly tlsPort: number
  /** Where journal and backup go. */
  readonly folder: string
  /** What the application has in the end. */
  readonly env: Readonly<Record<string, string>>
  readonly settings: Settings
  migration(options?: Partial<MigrationOptions>): Migration
  /** A client of today: plaintext, without a login. */
  client(): Redis
  /** Looks behind the scenes whatever the migration has done: over a unix socket, as whoever may. */
  insider(): Redis
  stop(): Promise<void>
}

const PREFIX = 'app:'
/** Password of `insider`, a user of the team's own, whom the migration leaves alone. */
export const INSIDER = 'a password of the test alone'

export interface OpenRedisOptions extends RedisServerOptions {
  /** Where the server keeps its users: in redis.conf, or in a file of their own. */
  readonly users?: 'config' | 'aclfile' | undefined
  /** Variables on top of what the application has in the end. */
  readonly env?: Readonly<Record<string, string>> | undefined
}

export async function startOpenRedis(wanted: OpenRedisOptions = {}): Promise<OpenRedis> {
  const { users = 'config', env: more = {}, ...options } = wanted
  const folder = await mkdtemp(join(tmpdir(), 'migration-'))
  const socket = join(folder, 'redis.sock')
  const hash = createHash('sha256').update(INSIDER).digest('hex')
  const insider = `insider on #${hash} ~* &* +@all`
  const aclfile = join(folder, 'users.acl')
  await writeFile(aclfile, `user default on nopass ~* &* +@all\nuser ${insider}\n`, { mode: 0o600 })
  const server = await startRedis({
    transport: 'plain',
    access: 'none',
    keyPrefix: PREFIX,
    ...options,
    config: {
      maxmemory: '0',
      'maxmemory-policy': 'noeviction',
      'maxmemory-clients': '0',
      'acllog-max-len': '128',
      'protected-mode': 'no',
      unixsocket: socket,
      ...(users === 'aclfile' ? { aclfile } : { user: insider }),
      ...options.config,
    },
  })
  const tlsPort = await freePort()
  const env = { ...environmentOf(server, tlsPort), ...more }
  const settings = readSettings({ env })
  const keyRing = KeyRing.create(settings.encryption)
  await keyRing.ready
  const clients = new Set<Redis>()
  const kept = (client: Redis): Redis => {
    client.on('error', () => undefined)
    clients.add(client)
    return client
  }
  return {
    server,
    tlsPort,
    folder,
    env,
    settings,
    migration: (given = {}) =>
      new Migration({
        settings,
        keyRing,
        folder,
        today: { host: server.host, port: server.port },
        tlsPort,
        tlsFiles: {
          cert: join(server.folder, 'server.crt'),
          key: join(server.folder, 'server.key'),
          ca: join(server.folder, 'ca.crt'),
        },
        recipients: [],
        waiting: { waitMs: 30_000, settleMs: 20, pollMs: 10, confirm: async () => true },
        tell: ignore,
        ...given,
      }),
    client: () => kept(new Redis(server.port, server.host)),
    insider: () => kept(new Redis({ path: socket, username: 'insider', password: INSIDER })),
    async stop() {
      for (const client of clients) client.disconnect()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** CONFIG GET * and ACL LIST, by whoever may see them. */
export async function lookAt(client: Redis): Promise<ServerLook> {
  const flat = (await client.call('CONFIG', 'GET', '*')) as string[]
  const users = (await client.call('ACL', 'LIST')) as string[]
  const config: Record<string, string> = {}
  for (let at = 0; at < flat.length; at += 2) config[flat[at] ?? ''] = flat[at + 1] ?? ''
  return { config, users }
}

function environmentOf(server: RunningRedis, tlsPort: number): Record<string, string> {
  const { passwords, certificates } = server
  return {
    REDIS_HOST: server.host,
    REDIS_PORT: String(tlsPort),
    REDIS_KEY_PREFIX: PREFIX,
    REDIS_PASSWORD: passwords.admin,
    REDIS_CACHE_PASSWORD: passwords.cache,
    REDIS_HEALTH_PASSWORD: passwords.health,
    REDIS_MONITOR_PASSWORD: passwords.monitor,
    REDIS_MAINTENANCE_PASSWORD: passwords.maintenance,
    REDIS_AUDITOR_PASSWORD: passwords.auditor,
    REDIS_OPERATOR_PASSWORD: passwords.operator,
    REDIS_TLS_CA: certificates.authority.certPem,
    REDIS_TLS_CERT: certificates.client.certPem,
    REDIS_TLS_KEY: certificates.client.keyPem,
    REDIS_ENCRYPTION_KEY: randomBytes(32).toString('hex'),
  }
}

function ignore(_event: RunEvent): void {
  // A test that looks at events gives its own listener.
}
