import type { Secret } from './secret.js'

/** A Redis user of ours, named by the role that it plays (lib/access/roles.ts has its rights). */
export type UserRole =
  | 'cache'
  | 'health'
  | 'monitor'
  | 'maintenance'
  | 'auditor'
  | 'operator'
  | 'replica'
  | 'sentinel'
  | ExtraRole
  | 'admin'

/** A use of the same server beside the cache, with keys of its own; only where it is asked for. */
export type ExtraRole = 'sessions' | 'rate_limit' | 'queue'

export interface UserSettings {
  /** The name of the Redis user. */
  readonly username: string
  /** Absent where no password is configured: this user cannot log in. */
  readonly password?: Secret | undefined
  /** Begins its keys, ends in `:`; only for extra roles, the others have that of the cache or none. */
  readonly keyPrefix?: string | undefined
}

export interface HostPort {
  readonly host: string
  readonly port: number
}

/** Client side of TLS. PEM texts, already read from their files. */
export interface TlsSettings {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: Secret | undefined
  /** Name checked against the server's certificate; the host where absent. */
  readonly servername?: string | undefined
  /** `modern`: TLS 1.3 alone; `compatible`: 1.2 and 1.3. */
  readonly profile: 'modern' | 'compatible'
  /** False only with REDIS_UNSAFE_NO_CERTIFICATE_CHECK. */
  readonly verify: boolean
}

/** How to reach Redis. `username` and `password` are the application's own login. */
export interface RedisSettings {
  readonly topology: 'standalone' | 'sentinel' | 'cluster'
  readonly host: string
  readonly port: number
  readonly sentinels: readonly HostPort[]
  readonly sentinelName?: string | undefined
  readonly clusterNodes: readonly HostPort[]
  readonly authentication: 'none' | 'password' | 'acl'
  /** Absent: the default user. */
  readonly username?: string | undefined
  readonly password?: Secret | undefined
  /** Absent: plaintext, possible only in dev mode or with REDIS_UNSAFE_NO_TLS. */
  readonly tls?: TlsSettings | undefined
  /** Ends in `:`. */
  readonly keyPrefix: string
  readonly connectTimeoutMs: number
}

export interface EncryptionSettings {
  /** False only with CACHE_UNSAFE_NO_ENCRYPTION. */
  readonly enabled: boolean
  /** Seals. Absent without encryption; in dev mode and on the memory backend also where none is given. */
  readonly key?: Secret | undefined
  /** Open as well, in the order given. */
  readonly acceptedKeys: readonly Secret[]
  readonly passphrase?: Secret | undefined
}

export interface CacheSettings {
  /** `null` for no expiry. */
  readonly ttlSeconds: number | null
  readonly timeoutMs: number
  /** Bytes of one sealed value. */
  readonly maxValueBytes: number
  readonly memoryMaxBytes: number
  readonly readMode: 'strict' | 'fernet' | 'plaintext'
  readonly readModeUntil?: Date | undefined
  /** What began the keys of an earlier application; empty in the mode `strict`. */
  readonly legacyPrefixes: readonly string[]
  readonly keyNames: 'plain' | 'hmac'
  readonly keyNamesSecret?: Secret | undefined
  readonly onFailure: 'degrade' | 'throw'
}

export interface SecuritySettings {
  readonly statusToken?: Secret | undefined
  readonly alertEmail?: string | undefined
  readonly smtpUrl?: Secret | undefined
  readonly alertWebhook?: Secret | undefined
  readonly alertWebhookSecret?: Secret | undefined
  readonly alertWebhookAllowPrivate: boolean
  readonly authFailuresPerHour: number
  readonly encryptionErrorsPerHour: number
  readonly connectionFailuresPerHour: number
  readonly eventBuffer: number
  /** Seconds between two looks at the server. */
  readonly watchInterval: number
}

/** What only the generator needs. */
export interface ServerSettings {
  readonly protectedMode: boolean
  readonly bindAddress: string
  /** As Redis writes it, such as `256mb`. */
  readonly maxMemory: string
  readonly maxMemoryBytes: number
  /** `auto` or `major.minor`, such as `7.0`. */
  readonly version: string
  readonly topology: 'standalone' | 'replica' | 'sentinel' | 'cluster'
  readonly profile: 'cache' | 'data'
  /** In the order of the table of roles. */
  readonly extraRoles: readonly ExtraRole[]
}

/** Something odd that does not stop a start; `insecure` ones show as critical in log and status. */
export interface SettingsWarning {
  readonly variable: string
  readonly message: string
  readonly insecure: boolean
}

/** All settings, validated, complete and deeply frozen. One set feeds client, generator and status. */
export interface Settings {
  /** NODE_ENV, where it is one of the three; everything else counts as `other`. */
  readonly environment: 'production' | 'development' | 'test' | 'other'
  readonly devMode: boolean
  readonly backend: 'redis' | 'memory'
  readonly redis: RedisSettings
  readonly users: Readonly<Record<UserRole, UserSettings>>
  readonly encryption: EncryptionSettings
  readonly cache: CacheSettings
  readonly security: SecuritySettings
  readonly server: ServerSettings
  readonly warnings: readonly SettingsWarning[]
}
