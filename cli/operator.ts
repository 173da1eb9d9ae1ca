import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { passwordPath, passwordVariable, usernameOf } from '../generators/password-set.js'
import { SecurityEvents } from '../lib/events.js'
import { openConnection, type RedisConnection } from '../lib/redis/connection.js'
import { atNode } from '../lib/redis/server-address.js'
import { readSettings } from '../lib/settings/read.js'
import { Secret } from '../lib/settings/secret.js'
import type { HostPort, Settings, UserRole } from '../lib/settings/settings.js'
import { loadEnvironment, readSettingsFile, type Environment } from './environment.js'
import { DEFAULT_SETTINGS_FILE } from './output-options.js'
import { UsageError } from './usage-error.js'

/** One step of work, as opposed to a request. */
const STEP_TIMEOUT_MS = 30_000

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
    const isNamed = host !== undefined || port !== undefined
    const address = { host: host ?? redis.host, port: port ?? redis.port }
    this.settings = { ...given, redis: isNamed ? atNode(redis, address) : redis }
  }

  static async open(options: OperatorOptions): Promise<Operator> {
    return new Operator(options, await loadEnvironment(options.settings))
  }

  /** Lines of a generated users.acl. */
  async wantedUsers(aclFile: string): Promise<readonly string[]> {
    const text = await readSettingsFile(this.path(aclFile))
    if (text === undefined) {
      throw new UsageError(
        `there is no ${aclFile} in the output folder`,
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

  /**
   * A connection as the user of a role, to this server or to the one of the settings; `undefined` where its password
   * is not here. Whoever opens it closes it.
   */
  async connect(role: UserRole, at?: HostPort): Promise<RedisConnection | undefined> {
    const password = await this.password(role)
    if (password === undefined) return undefined
    const redis = at === undefined ? this.settings.redis : atNode(this.settings.redis, at)
    const { tls } = redis
    const cert = tls && (await readSettingsFile(this.path('operator/admin.crt')))
    const key = tls && (await readSettingsFile(this.path('operator/admin.key')))
    const ca = tls && (tls.ca ?? (await readSettingsFile(this.path('app/ca.crt'))))
    const isOperator = role === 'admin' && cert !== undefined && key !== undefined
    return openConnection({
      settings: {
        ...redis,
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

  /** A connection that must be: as the user of a role. @throws {UsageError} where its password is not here */
  async mustConnect(role: UserRole, at?: HostPort): Promise<RedisConnection> {
    const connection = await this.connect(role, at)
    if (connection !== undefined) return connection
    throw new UsageError(
      `the password of the ${role} is not here`,
      `it lies in ${passwordPath(role)} of the output, or in ${passwordVariable(role)}`,
    )
  }

  /** Whether a path of the server is the file of this machine's output folder. */
  async isOurs(serverPath: string, inOutput: string): Promise<boolean> {
    const [theirs, ours] = await Promise.all(
      [serverPath, this.path(inOutput)].map((path) => realpath(path).catch(() => undefined)),
    )
    return theirs !== undefined && theirs === ours
  }
}
