import { backendOf, loginOf, usesTls, type Draft } from './draft.js'
import type {
  CacheSettings,
  EncryptionSettings,
  ExtraRole,
  RedisSettings,
  SecuritySettings,
  ServerSettings,
  Settings,
  TlsSettings,
  UserRole,
  UserSettings,
} from './settings.js'
import { extraPrefixOf } from './extra-prefixes.js'
import type { Secret } from './secret.js'
import { warningsOf } from './advice.js'
import type { SettingsWarning } from './settings.js'

/** Settings that agree with each other, from a draft that was judged. */
export function assemble(draft: Draft, warnings: readonly SettingsWarning[]): Settings {
  return deepFreeze({
    environment: draft.environment,
    devMode: draft.values.REDIS_DEV_MODE,
    backend: backendOf(draft),
    redis: redisOf(draft),
    users: usersOf(draft),
    encryption: encryptionOf(draft),
    cache: cacheOf(draft),
    security: securityOf(draft),
    server: serverOf(draft),
    warnings: [...warningsOf(draft), ...warnings],
  })
}

function redisOf(draft: Draft): RedisSettings {
  const { values } = draft
  return {
    topology:
      values.REDIS_SENTINELS !== undefined
        ? 'sentinel'
        : values.REDIS_CLUSTER_NODES !== undefined
          ? 'cluster'
          : 'standalone',
    host: values.REDIS_URL?.host ?? values.REDIS_HOST,
    port: values.REDIS_URL?.port ?? values.REDIS_PORT,
    sentinels: values.REDIS_SENTINELS ?? [],
    sentinelName: values.REDIS_SENTINEL_NAME,
    clusterNodes: values.REDIS_CLUSTER_NODES ?? [],
    ...loginOf(draft),
    tls: usesTls(draft) ? tlsOf(draft) : undefined,
    keyPrefix: values.REDIS_KEY_PREFIX,
    connectTimeoutMs: values.CACHE_CONNECT_TIMEOUT_MS,
  }
}

function tlsOf({ values }: Draft): TlsSettings {
  return {
    ca: values.REDIS_TLS_CA,
    cert: values.REDIS_TLS_CERT,
    key: values.REDIS_TLS_KEY,
    servername: values.REDIS_TLS_SERVERNAME,
    profile: values.REDIS_TLS_PROFILE,
    verify: !values.REDIS_UNSAFE_NO_CERTIFICATE_CHECK,
  }
}

function usersOf(draft: Draft): Readonly<Record<UserRole, UserSettings>> {
  const { values } = draft
  const login = loginOf(draft)
  const acl = login.authentication === 'acl'
  return {
    cache: {
      username: login.username ?? values.REDIS_CACHE_USERNAME,
      password: acl ? login.password : undefined,
    },
    health: { username: 'health_service', password: values.REDIS_HEALTH_PASSWORD },
    monitor: { username: 'monitor', password: values.REDIS_MONITOR_PASSWORD },
    maintenance: { username: 'maintenance', password: values.REDIS_MAINTENANCE_PASSWORD },
    auditor: { username: 'auditor', password: values.REDIS_AUDITOR_PASSWORD },
    operator: { username: 'operator', password: values.REDIS_OPERATOR_PASSWORD },
    replica: { username: 'replica', password: values.REDIS_REPLICA_PASSWORD },
    sentinel: { username: 'sentinel', password: values.REDIS_SENTINEL_PASSWORD },
    ...extraUsers(draft),
    // Without ACL users REDIS_PASSWORD is the one of the default user, who may do everything too.
    admin: acl
      ? { username: 'admin', password: values.REDIS_PASSWORD }
      : { username: 'default', password: login.password },
  }
}

function extraUsers({ values }: Draft): Readonly<Record<ExtraRole, UserSettings>> {
  const user = (role: ExtraRole, password: Secret | undefined): UserSettings => ({
    username: role,
    password,
    keyPrefix: extraPrefixOf(values, role),
  })
  return {
    sessions: user('sessions', values.REDIS_SESSIONS_PASSWORD),
    rate_limit: user('rate_limit', values.REDIS_RATE_LIMIT_PASSWORD),
    queue: user('queue', values.REDIS_QUEUE_PASSWORD),
  }
}

function encryptionOf({ values }: Draft): EncryptionSettings {
  return {
    enabled: !values.CACHE_UNSAFE_NO_ENCRYPTION,
    key: values.REDIS_ENCRYPTION_KEY,
    acceptedKeys: values.REDIS_ENCRYPTION_ACCEPTED_KEYS ?? [],
    passphrase: values.REDIS_ENCRYPTION_PASSPHRASE,
  }
}

function cacheOf({ values, onFailure }: Draft): CacheSettings {
  return {
    ttlSeconds: values.CACHE_TTL.seconds,
    timeoutMs: values.CACHE_TIMEOUT_MS,
    maxValueBytes: values.CACHE_MAX_VALUE_BYTES,
    memoryMaxBytes: values.CACHE_MEMORY_MAX_BYTES,
    readMode: values.CACHE_READ_MODE,
    readModeUntil: values.CACHE_READ_MODE_UNTIL,
    legacyPrefixes: values.CACHE_LEGACY_PREFIXES ?? [],
    keyNames: values.CACHE_KEY_NAMES,
    keyNamesSecret: values.CACHE_KEY_NAMES_SECRET,
    onFailure,
  }
}

function securityOf({ values }: Draft): SecuritySettings {
  return {
    statusToken: values.SECURITY_STATUS_TOKEN,
    alertEmail: values.SECURITY_ALERT_EMAIL,
    smtpUrl: values.SECURITY_SMTP_URL,
    alertWebhook: values.SECURITY_ALERT_WEBHOOK,
    alertWebhookSecret: values.SECURITY_ALERT_WEBHOOK_SECRET,
    alertWebhookAllowPrivate: values.SECURITY_ALERT_WEBHOOK_ALLOW_PRIVATE,
    authFailuresPerHour: values.SECURITY_AUTH_FAILURES_PER_HOUR,
    encryptionErrorsPerHour: values.SECURITY_ENCRYPTION_ERRORS_PER_HOUR,
    connectionFailuresPerHour: values.SECURITY_CONNECTION_FAILURES_PER_HOUR,
    eventBuffer: values.SECURITY_EVENT_BUFFER,
    watchInterval: values.SECURITY_WATCH_INTERVAL,
  }
}

function serverOf({ values }: Draft): ServerSettings {
  return {
    protectedMode: values.REDIS_PROTECTED_MODE,
    bindAddress: values.REDIS_BIND_ADDRESS,
    maxMemory: values.REDIS_MAX_MEMORY.text,
    maxMemoryBytes: values.REDIS_MAX_MEMORY.bytes,
    version: values.REDIS_VERSION,
    topology: values.REDIS_TOPOLOGY,
    profile: values.REDIS_PROFILE,
    extraRoles: values.REDIS_EXTRA_ROLES ?? [],
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const part of Object.values(value)) deepFreeze(part)
  return value
}
