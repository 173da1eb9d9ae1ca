import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { aclFile, passwordHash, roleOf } from '../../lib/access/roles.js'
import type { RedisSettings, UserRole, UserSettings } from '../../lib/settings/settings.js'
import { Secret } from '../../lib/settings/secret.js'
import { freePort, RedisProcess } from './redis-process.js'
import type { TestCertificates } from './test-certificates.js'
import { sharedCertificates } from './test-certificates.js'

const BINARY = 'redis-server'
const HOST = '127.0.0.1'
/** Every rule of the table that a test may want is known from 7.0 on. */
const VERSION = { product: 'redis', major: 7, minor: 0 } as const

/** The roles that a test can log in as; the others are for servers among themselves. */
const ROLES_HERE = ['cache', 'maintenance', 'health', 'monitor', 'auditor', 'operator', 'admin'] as const

export type TestRole = (typeof ROLES_HERE)[number]

export interface RedisServerOptions {
  /** `tls`: mutual TLS on a loopback port (the default); `plain`: TCP without TLS; `unix`: a socket file. */
  readonly transport?: 'tls' | 'plain' | 'unix' | undefined
  /** `roles`: default user off, our users (the default); `password`: requirepass alone; `none`: open. */
  readonly access?: 'roles' | 'password' | 'none' | undefined
  readonly keyPrefix?: string | undefined
  /** What began the keys of an earlier application (CACHE_LEGACY_PREFIXES). */
  readonly earlierPrefixes?: readonly string[] | undefined
  readonly certificates?: TestCertificates | undefined
  /** Further directives, such as `{ maxmemory: '4mb' }`; they win over ours. */
  readonly config?: Readonly<Record<string, string>> | undefined
  /** Further lines of users.acl. */
  readonly acl?: readonly string[] | undefined
  /** Those of another server: its replica, or a node of the same Cluster. */
  readonly passwords?: Readonly<Record<TestRole, string>> | undefined
  /** Another program, such as that of a newer version. */
  readonly binary?: string | undefined
}

/** A real redis-server in a folder of its own. Whoever starts it stops it. */
export interface RunningRedis {
  readonly host: string
  readonly port: number
  /** Only with `transport: 'unix'`. */
  readonly socketPath: string | undefined
  /** Holds redis.conf, users.acl and the certificates; gone after `stop`. */
  readonly folder: string
  readonly certificates: TestCertificates
  readonly passwords: Readonly<Record<TestRole, string>>
  readonly users: Readonly<Record<UserRole, UserSettings>>
  /** How the application's own user connects. */
  readonly settings: RedisSettings
  /** The same as environment variables, complete enough for `createSecureCache({ env })`. */
  readonly env: Readonly<Record<string, string>>
  /** What the server printed. */
  readonly output: string
  /** A plain ioredis client of the admin, for looking behind the scenes; closed by `stop`. */
  admin(): Redis
  /** The end: process, clients, folder. */
  stop(): Promise<void>
  /** SIGKILL; `start` brings it back on the same port, empty. */
  kill(): Promise<void>
  start(): Promise<void>
  /** SIGTERM and a fresh start on the same port. */
  restart(): Promise<void>
  /** SIGSTOP: the port accepts, nobody answers. */
  pause(): Promise<void>
  resume(): Promise<void>
}

/** Boots a real redis-server with mutual TLS and our ACL users, and waits until it serves. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RunningRedis> {
  const { transport = 'tls', access = 'roles', keyPrefix = 'ai_cache:' } = options
  const certificates = options.certificates ?? (await sharedCertificates())
  const folder = await mkdtemp(join(tmpdir(), 'secure-cache-redis-'))
  const passwords = options.passwords ?? makePasswords()
  const socketPath = join(folder, 'redis.sock')
  const server = new RedisProcess(options.binary ?? BINARY, join(folder, 'redis.conf'))
  const { earlierPrefixes, acl = [] } = options
  await writeFolder({ folder, certificates, passwords, keyPrefix, earlierPrefixes, acl })
  const boot = async (port: number) => {
    const config = {
      ...baseConfig(folder),
      ...transportConfig(transport, folder, port),
      ...accessConfig(access, folder, passwords),
      ...options.config,
    }
    const lines = Object.entries(config).map(([name, value]) => `${name} ${value}`)
    await writeFile(join(folder, 'redis.conf'), `${lines.join('\n')}\n`, { mode: 0o600 })
    await server.start()
  }
  const port = await bootOnFreePort(boot)
  const users = usersOf(passwords, access)
  const settings = settingsOf({ port, transport, access, keyPrefix, certificates, passwords })
  const clients = new Set<Redis>()
  return {
    host: HOST,
    port,
    socketPath: transport === 'unix' ? socketPath : undefined,
    folder,
    certificates,
    passwords,
    users,
    settings,
    env: environmentOf(settings, passwords, access),
    get output() {
      return server.output
    },
    admin() {
      const client = adminClient(settings, transport === 'unix' ? socketPath : undefined, access, passwords)
      clients.add(client)
      return client
    },
    async stop() {
      for (const client of clients) client.disconnect()
      await server.dispose()
      await rm(folder, { recursive: true, force: true })
    },
    kill: () => server.signal('SIGKILL'),
    start: () => server.start(),
    async restart() {
      await server.signal('SIGTERM')
      await server.start()
    },
    pause: () => server.signal('SIGSTOP'),
    resume: () => server.signal('SIGCONT'),
  }
}

/** Another process may take the port between our look and the server's bind: then another port. */
async function bootOnFreePort(boot: (port: number) => Promise<void>): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort()
    try {
      await boot(port)
      return port
    } catch (error) {
      if (attempt === 3 || !String(error).includes('Address already in use')) throw error
    }
  }
}

function makePasswords(): Record<TestRole, string> {
  return Object.fromEntries(
    ROLES_HERE.map((role) => [role, randomBytes(24).toString('base64url')]),
  ) as Record<TestRole, string>
}

async function writeFolder(parts: {
  folder: string
  certificates: TestCertificates
  passwords: Readonly<Record<TestRole, string>>
  keyPrefix: string
  earlierPrefixes: readonly string[] | undefined
  acl: readonly string[]
}): Promise<void> {
  const { folder, certificates, passwords, keyPrefix, earlierPrefixes, acl } = parts
  const users = Object.fromEntries(
    ROLES_HERE.map((role) => [
      role,
      { username: roleOf(role).username, passwordHashes: [passwordHash(new Secret(passwords[role]))] },
    ]),
  )
  const write = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 })
  await Promise.all([
    write(
      'users.acl',
      aclFile({ keyPrefix, earlierPrefixes, version: VERSION, users }) +
        acl.map((line) => `${line}\n`).join(''),
    ),
    write('ca.crt', certificates.authority.certPem),
    write('server.crt', certificates.server.certPem),
    write('server.key', certificates.server.keyPem),
  ])
}

function baseConfig(folder: string): Record<string, string> {
  return {
    bind: HOST,
    'protected-mode': 'yes',
    dir: `"${folder}"`,
    save: '""',
    appendonly: 'no',
    databases: '1',
    daemonize: 'no',
    maxmemory: '256mb',
    'maxmemory-policy': 'allkeys-lfu',
    'maxmemory-clients': '64mb',
    'client-query-buffer-limit': '16mb',
    'proto-max-bulk-len': '2mb',
    'client-output-buffer-limit': 'normal 64mb 32mb 30',
    'acllog-max-len': '256',
    loglevel: 'notice',
  }
}

function transportConfig(transport: string, folder: string, port: number): Record<string, string> {
  if (transport === 'plain') return { port: String(port) }
  if (transport === 'unix') {
    return { port: '0', unixsocket: `"${join(folder, 'redis.sock')}"`, unixsocketperm: '700' }
  }
  return {
    port: '0',
    'tls-port': String(port),
    'tls-cert-file': `"${join(folder, 'server.crt')}"`,
    'tls-key-file': `"${join(folder, 'server.key')}"`,
    'tls-ca-cert-file': `"${join(folder, 'ca.crt')}"`,
    'tls-auth-clients': 'yes',
    'tls-protocols': '"TLSv1.3"',
  }
}

function accessConfig(
  access: string,
  folder: string,
  passwords: Readonly<Record<TestRole, string>>,
): Record<string, string> {
  if (access === 'roles') return { aclfile: `"${join(folder, 'users.acl')}"` }
  return access === 'password' ? { requirepass: `"${passwords.admin}"` } : {}
}

function usersOf(
  passwords: Readonly<Record<TestRole, string>>,
  access: string,
): Readonly<Record<UserRole, UserSettings>> {
  const user = (role: TestRole): UserSettings => ({
    username: roleOf(role).username,
    ...(access === 'roles' ? { password: new Secret(passwords[role]) } : {}),
  })
  return {
    cache: user('cache'),
    health: user('health'),
    monitor: user('monitor'),
    maintenance: user('maintenance'),
    auditor: user('auditor'),
    operator: user('operator'),
    replica: { username: 'replica' },
    sentinel: { username: 'sentinel' },
    sessions: { username: 'sessions' },
    rate_limit: { username: 'rate_limit' },
    queue: { username: 'queue' },
    admin: user('admin'),
  }
}

function settingsOf(parts: {
  port: number
  transport: string
  access: 'roles' | 'password' | 'none'
  keyPrefix: string
  certificates: TestCertificates
  passwords: Readonly<Record<TestRole, string>>
}): RedisSettings {
  const { port, transport, access, keyPrefix, certificates, passwords } = parts
  const authentication = {
    roles: {
      authentication: 'acl' as const,
      username: roleOf('cache').username,
      password: new Secret(passwords.cache),
    },
    password: { authentication: 'password' as const, password: new Secret(passwords.admin) },
    none: { authentication: 'none' as const },
  }[access]
  return {
    topology: 'standalone',
    host: HOST,
    port,
    sentinels: [],
    clusterNodes: [],
    ...authentication,
    ...(transport === 'tls'
      ? {
          tls: {
            ca: certificates.authority.certPem,
            cert: certificates.client.certPem,
            key: new Secret(certificates.client.keyPem),
            profile: 'modern' as const,
            verify: true,
          },
        }
      : {}),
    keyPrefix,
    connectTimeoutMs: 2000,
  }
}

function environmentOf(
  settings: RedisSettings,
  passwords: Readonly<Record<TestRole, string>>,
  access: string,
): Record<string, string> {
  const tls = settings.tls
  const roles = {
    REDIS_PASSWORD: passwords.admin,
    REDIS_CACHE_PASSWORD: passwords.cache,
    REDIS_HEALTH_PASSWORD: passwords.health,
    REDIS_MONITOR_PASSWORD: passwords.monitor,
    REDIS_MAINTENANCE_PASSWORD: passwords.maintenance,
    REDIS_AUDITOR_PASSWORD: passwords.auditor,
    REDIS_OPERATOR_PASSWORD: passwords.operator,
  }
  return {
    REDIS_HOST: settings.host,
    REDIS_PORT: String(settings.port),
    REDIS_KEY_PREFIX: settings.keyPrefix,
    REDIS_ENCRYPTION_KEY: randomBytes(32).toString('hex'),
    ...(access === 'roles' ? roles : {}),
    ...(access === 'password' ? { REDIS_PASSWORD: passwords.admin } : {}),
    ...(access === 'none' ? { REDIS_UNSAFE_NO_PASSWORD: 'true' } : {}),
    ...(tls === undefined
      ? { REDIS_TLS_ENABLED: 'false', REDIS_UNSAFE_NO_TLS: 'true' }
      : {
          REDIS_TLS_CA: tls.ca ?? '',
          REDIS_TLS_CERT: tls.cert ?? '',
          REDIS_TLS_KEY: tls.key?.reveal() ?? '',
        }),
  }
}

function adminClient(
  settings: RedisSettings,
  path: string | undefined,
  access: string,
  passwords: Readonly<Record<TestRole, string>>,
): Redis {
  const login = {
    roles: { username: 'admin', password: passwords.admin },
    password: { password: passwords.admin },
    none: {},
  }[access]
  const tls = settings.tls
  const client = new Redis({
    ...(path === undefined ? { host: settings.host, port: settings.port } : { path }),
    ...login,
    ...(tls === undefined
      ? {}
      : {
          tls: {
            ca: tls.ca ?? '',
            cert: tls.cert ?? '',
            key: tls.key?.reveal() ?? '',
            minVersion: 'TLSv1.3',
          },
        }),
    replyMapping: 'legacy',
    disableClientInfo: true,
    retryStrategy: () => 50,
  })
  // Faults are the subject of many tests: the admin's own connection comes back by itself.
  client.on('error', () => undefined)
  return client
}
