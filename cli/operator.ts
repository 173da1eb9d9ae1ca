import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { passwordPath, usernameOf } from '../generators/password-set.js'
import { isCacheError, type CacheErrorCode } from '../lib/errors.js'
import { SecurityEvents } from '../lib/events.js'
import { openConnection, type RedisConnection } from '../lib/redis/connection.js'
import { readSettings } from '../lib/settings/read.js'
import { Secret } from '../lib/settings/secret.js'
import type { Settings, UserRole } from '../lib/settings/settings.js'
import { loadEnvironment, readSettingsFile, type Environment } from './environment.js'
import { DEFAULT_SETTINGS_FILE } from './output-options.js'
import { UsageError } from './usage-error.js'

/** One step of work, as opposed to a request. */
const STEP_TIMEOUT_MS = 30_000
const NOT_AS_GENERATED: ReadonlySet<string> = new Set<CacheErrorCode>([
  'ERR_REDIS_WRONGPASS',
  'ERR_REDIS_NOPERM',
])

export interface OperatorOptions {
  /** The folder of the generated output. */
  readonly out: string
  readonly settings?: string | undefined
  /** Where the server is reached from here, where that is not REDIS_HOST and REDIS_PORT. */
  readonly host?: string | undefined
  readonly port?: number | undefined
}

/** Who works on the server from here, with what the generated folder and the settings hold. */
export class Operator {
  readonly settings: Settings
  readonly environment: Environment
  readonly settingsFile: string
  readonly out: string

  private constructor(options: OperatorOptions, environment: Environment) {
    this.out = options.out
    this.environment = environment
    this.settingsFile = options.settings ?? DEFAULT_SETTINGS_FILE
    const { host, port } = options
    const given = readSettings({ env: environment, purpose: 'generator' })
    const { redis } = given
    this.settings = { ...given, redis: { ...redis, host: host ?? redis.host, port: port ?? redis.port } }
  }

  static async open(options: OperatorOptions): Promise<Operator> {
    return new Operator(options, await loadEnvironment(options.settings))
  }

  /** Lines of the generated users.acl. */
  async wantedUsers(): Promise<readonly string[]> {
    const text = await readSettingsFile(this.path('conf/users.acl'))
    if (text === undefined) {
      throw new UsageError(
        'there is no users.acl in the output folder',
        'secure-cache generate-config makes it; --out names it',
      )
    }
    return text.split('\n')
  }

  path(inOutput: string): string {
    return join(this.out, inOutput)
  }

  username(role: UserRole): string {
    return usernameOf(this.settings, role)
  }

  /** Of the settings, else of the output folder. */
  async password(role: UserRole): Promise<Secret | undefined> {
    const given = this.settings.users[role].password
    if (given !== undefined) return given
    const text = (await readSettingsFile(this.path(passwordPath(role))))?.replace(/\r?\n$/, '')
    return text === undefined || text === '' ? undefined : new Secret(text)
  }

  /** A connection as the user of a role; `undefined` where its password is not here. Whoever opens it closes it. */
  async connect(role: UserRole): Promise<RedisConnection | undefined> {
    const password = await this.password(role)
    if (password === undefined) return undefined
    const tls = this.settings.redis.tls
    const cert = tls && (await readSettingsFile(this.path('operator/admin.crt')))
    const key = tls && (await readSettingsFile(this.path('operator/admin.key')))
    const ca = tls && (tls.ca ?? (await readSettingsFile(this.path('app/ca.crt'))))
    const isOperator = role === 'admin' && cert !== undefined && key !== undefined
    return openConnection({
      settings: {
        ...this.settings.redis,
        ...(tls === undefined
          ? {}
          : { tls: { ...tls, ca, ...(isOperator ? { cert, key: new Secret(key) } : {}) } }),
      },
      user: { username: this.username(role), password },
      events: new SecurityEvents(),
      purpose: 'operator',
      timeoutMs: STEP_TIMEOUT_MS,
      bounds: 'gate',
    })
  }

  /** Works as the admin. */
  async asAdmin<T>(work: (connection: RedisConnection) => Promise<T>): Promise<T> {
    const connection = await this.connect('admin')
    if (connection === undefined) {
      throw new UsageError(
        'the password of the admin is not here',
        `it lies in ${passwordPath('admin')} of the output, or in REDIS_PASSWORD`,
      )
    }
    return through(connection, work)
  }

  /**
   * Work that changes nothing, as the least that can do it: the auditor where its password is here. The admin where the
   * live auditor is not the generated one: not there, with another password, or with fewer rights.
   */
  async asReader<T>(work: (connection: RedisConnection) => Promise<T>): Promise<T> {
    const connection = await this.connect('auditor')
    if (connection === undefined) return this.asAdmin(work)
    try {
      return await through(connection, work)
    } catch (error) {
      const isOther = isCacheError(error) && NOT_AS_GENERATED.has(error.code)
      if (!isOther || (await this.password('admin')) === undefined) throw error
      return this.asAdmin(work)
    }
  }

  /** Whether a path of the server is the file of this machine's output folder. */
  async isOurs(serverPath: string, inOutput: string): Promise<boolean> {
    const [theirs, ours] = await Promise.all(
      [serverPath, this.path(inOutput)].map((path) => realpath(path).catch(() => undefined)),
    )
    return theirs !== undefined && theirs === ours
  }
}

async function through<T>(
  connection: RedisConnection,
  work: (connection: RedisConnection) => Promise<T>,
): Promise<T> {
  try {
    await connection.ready({ timeoutMs: STEP_TIMEOUT_MS })
    return await work(connection)
  } finally {
    await connection.close()
  }
}
