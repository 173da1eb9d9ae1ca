import { setMaxListeners } from 'node:events'
import { cacheParts } from './cache-parts.js'
import { namespacePrefix, type ReservedNamespace } from './cache/key-names.js'
import { RepeatedEvents } from './cache/repeated-events.js'
import { GcmThread } from './crypto/gcm-thread.js'
import type { KeyRing } from './crypto/key-ring.js'
import { devKey, processKey } from './dev-key.js'
import { openEncryption } from './encryption.js'
import { CacheError, ConfigError, isCacheError } from './errors.js'
import { SecurityEvents } from './events.js'
import type {
  CacheOptions,
  Logger,
  ReloadTrigger,
  Sealer,
  SecureCache,
  SecureCacheOptions,
} from './interface.js'
import { Heartbeat } from './keys/heartbeat.js'
import { INSTANCE_NAMESPACE } from './keys/instances.js'
import { chooseLogger, logEvents } from './log.js'
import { Measurements } from './measurements.js'
import { MemoryStore } from './memory-store.js'
import type { Alerts } from './monitor/alerts.js'
import { openAlerts, reachesSomebody } from './monitor/open-alerts.js'
import { createSecurityMonitor, type EventMonitor } from './monitor/security-monitor.js'
import type { SealedPlace } from './monitor/sealed-place.js'
import { SecurityWatch } from './monitor/security-watch.js'
import type { EncryptionIdentity } from './monitor/status.js'
import type { StoreConnection } from './redis/route.js'
import { RedisStore } from './redis/redis-store.js'
import { Reload } from './reload.js'
import { RootCache } from './root-cache.js'
import { NamespaceSealer } from './sealer.js'
import { readSettings, settingsFiles, fixedSecrets } from './settings/read.js'
import type { Settings } from './settings/settings.js'
import type { Store } from './store.js'

/** The parts behind a cache, for the status, the metrics and the commands that look behind it. */
export interface CacheInternals {
  readonly settings: Settings
  readonly store: Store
  /** Absent on memory. */
  readonly connection: StoreConnection | undefined
  /** Absent without encryption. */
  readonly keyRing: KeyRing | undefined
  readonly events: SecurityEvents
  readonly monitor: EventMonitor
  /** Looks at the security of this cache once it is started, and ends with the cache. */
  readonly watch: SecurityWatch
  readonly alerts: Alerts
  readonly measurements: Measurements
  /** Takes over keys, passwords and certificates that have changed. */
  readonly reload: Reload
  /** The clock of this cache: milliseconds since 1970. */
  readonly now: () => number
}

/** What a cache is put together from, beside its settings. */
export interface AssemblyParts {
  readonly settings: Settings
  readonly logger: Logger
  /** Reads the settings anew, for {@link Reload}; the same again where absent. */
  readonly read?: (() => Settings) | undefined
  /** Instead of the one that the settings ask for. */
  readonly store?: Store | undefined
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined
  /** Where the key of dev mode lies; the working directory where absent. */
  readonly folder?: string | undefined
}

/**
 * A cache whose values rest sealed, without Express: for workers, jobs and scripts. It starts to connect at
 * once and never blocks; `ready()` waits. Whoever creates it closes it.
 *
 * Throws a ConfigError with every problem of the settings at once.
 */
export function createSecureCache(options: CacheOptions = {}): SecureCache {
  return openCache(options)
}

/** The same for callers with options of their own, which they have taken out and which serve the suggestions. */
export function openCache(options: CacheOptions, alsoKnown: readonly string[] = []): SecureCache {
  const { reloadOn = [], ...rest } = options
  const read = (): Settings => readSettings({ options: rest, alsoKnown: [...alsoKnown, 'reloadOn'] })
  const settings = read()
  checkTriggers(reloadOn)
  const logger = chooseLogger(options.logger, settings)
  const cache = assembleCache({ settings, logger, read })
  inspectCache(cache).reload.listen(reloadOn, settingsFiles({ options: rest }))
  if (reloadOn.length > 0) warnOfFixedSecrets(fixedSecrets(rest), logger)
  return cache
}

function warnOfFixedSecrets(names: readonly string[], logger: Logger): void {
  if (names.length === 0) return
  const files = names.map((name) => `${name}_FILE`).join(', ')
  logger.warn(
    `reloadOn cannot take over ${names.join(', ')}: the environment of a running process does not change; give ${files} instead`,
  )
}

/**
 * Seals and opens what rests elsewhere than in the cache: files, columns, queues. It needs the encryption key
 * of the settings and no Redis.
 *
 * Throws a ConfigError with every problem of the settings at once.
 */
export function createSealer(options: SecureCacheOptions = {}): Sealer {
  const settings = readSettings({ options, purpose: 'sealer' })
  if (!settings.encryption.enabled) throw notWithoutEncryption()
  const logger = chooseLogger(options.logger, settings)
  const { sealing, keys } = openEncryption(settings.encryption, {
    fallbackKey: () => devKey(process.cwd()),
    onWarning: (message) => {
      logger.warn(message)
    },
    now: Date.now,
  })
  return new NamespaceSealer(sealing.namespace(settings.redis.keyPrefix, '@seal'), keys)
}

/** Puts the parts together. The one place that knows all of them. */
export function assembleCache(parts: AssemblyParts): SecureCache {
  const { settings, logger, now = Date.now, folder = process.cwd() } = parts
  const events = new SecurityEvents(now)
  const measurements = new Measurements()
  // Listeners first: what opening has to say must be heard.
  const monitor = createSecurityMonitor({
    events,
    now,
    bufferSize: settings.security.eventBuffer,
    cryptoOperations: () => measurements.cryptoOperations,
    activeConnections: () => (connection?.status === 'up' ? 1 : 0),
  })
  const stopLogging = logEvents(events, logger)
  announce(settings, { events, logger })

  const thread = new GcmThread()
  const encryption = openEncryption(settings.encryption, {
    fallbackKey: () => (settings.backend === 'memory' ? processKey() : devKey(folder)),
    onWarning: (message) => {
      logger.warn(message)
    },
    now,
    maxPayloadBytes: settings.cache.maxValueBytes,
    thread,
  })
  encryption.keys.ready.catch((error: unknown) => {
    const errorCode = isCacheError(error) ? error.code : 'ERR_CACHE_SEAL'
    events.emit('encrypt.failure', { errorCode, operation: 'derive' })
  })
  const store = parts.store ?? openStore(settings, events)
  const connection = store instanceof RedisStore ? store.connection : undefined
  const { keyRing } = encryption
  const { keyPrefix } = settings.redis
  const place = (namespace: ReservedNamespace): SealedPlace => ({
    store,
    sealing: encryption.sealing.namespace(keyPrefix, namespace),
    nameOf: (key) => namespacePrefix(keyPrefix, namespace) + key,
  })
  const watch = new SecurityWatch({
    settings,
    store,
    connection,
    encryption: () => keyRing && identityOf(keyRing),
    events,
    monitor,
    place,
    now,
  })
  const alerts = openAlerts({ settings, logger, events, monitor, connection, place, now })
  // Whoever wants to be told about the server wants it watched, whether or not a status is shown.
  if (reachesSomebody(settings)) watch.start()
  const heartbeat =
    keyRing && store instanceof RedisStore ? startHeartbeat({ store, keyRing, place, now }) : undefined
  const reload = new Reload({
    settings,
    read: parts.read ?? (() => settings),
    keyRing,
    renewConnections: (next) => {
      if (store instanceof RedisStore) store.renew(next)
      watch.renew({ password: next.users.monitor.password, tls: next.redis.tls })
    },
    onKeys: () => heartbeat?.beat(),
    events,
    logger,
  })
  const repeated = new RepeatedEvents(events)
  const abort = new AbortController()
  // Every load under way may listen to it; more than ten of them are no leak.
  setMaxListeners(0, abort.signal)

  const cache = new RootCache(
    cacheParts({ settings, events, measurements, encryption, store, repeated, signal: abort.signal, now }),
    {
      monitor,
      abort,
      repeated,
      watch,
      alerts,
      heartbeat,
      reload,
      thread,
      stopListening: () => {
        stopLogging()
        monitor.close()
      },
    },
  )
  INTERNALS.set(cache, {
    settings,
    store,
    connection,
    keyRing,
    events,
    monitor,
    watch,
    alerts,
    measurements,
    reload,
    now,
  })
  return cache
}

/** What is behind a cache. For the library's own rooms: it is no part of the public interface. */
export function inspectCache(cache: SecureCache): CacheInternals {
  const internals = INTERNALS.get(cache)
  if (internals === undefined) {
    throw new CacheError(
      'ERR_CACHE_MISUSE',
      'expected a cache made by secureCache() or createSecureCache() of this copy of the package (npm ls express-secure-cache shows how many there are)',
    )
  }
  return internals
}

/** The heartbeat begins with the connection, and each new connection tells at once. */
function startHeartbeat(parts: {
  readonly store: RedisStore
  readonly keyRing: KeyRing
  readonly place: (namespace: ReservedNamespace) => SealedPlace
  readonly now: () => number
}): Heartbeat {
  const { store, keyRing, place, now } = parts
  const { sealing, nameOf } = place(INSTANCE_NAMESPACE)
  const heartbeat = new Heartbeat({ store, sealing, nameOf, keyRing, now })
  store.connection.onStatus((status) => {
    if (status === 'up') heartbeat.beat()
  })
  return heartbeat
}

const TRIGGERS: readonly unknown[] = ['SIGHUP', 'change'] satisfies readonly ReloadTrigger[]

/** As it arrives from a program without types. */
function checkTriggers(reloadOn: unknown): void {
  if (Array.isArray(reloadOn) && reloadOn.every((trigger) => TRIGGERS.includes(trigger))) return
  const name = 'options.reloadOn'
  const message = "expected an array of 'SIGHUP' and 'change'."
  throw new ConfigError('ERR_CONFIG_OPTION', `${name}: ${message}`, [{ name, message }])
}

/** A cache may be read by others where its owner says so; what calls itself sealed may not. */
function notWithoutEncryption(): ConfigError {
  const name = 'CACHE_UNSAFE_NO_ENCRYPTION'
  const message = 'a sealer seals: remove it, or do without createSealer().'
  return new ConfigError('ERR_CONFIG_INVALID', `${name}: ${message}`, [{ name, message }])
}

/** The ids of the keys, once they are all there. */
function identityOf({ isReady, primaryId, acceptedIds }: KeyRing): EncryptionIdentity | undefined {
  return isReady ? { primaryKeyId: primaryId, acceptedKeyIds: acceptedIds } : undefined
}

/** Beside the caches, so that nothing of it can be reached through them; it lives as long as they do. */
const INTERNALS = new WeakMap<SecureCache, CacheInternals>()

function openStore(settings: Settings, events: SecurityEvents): Store {
  return settings.backend === 'redis'
    ? new RedisStore({ settings, events })
    : new MemoryStore({ maxBytes: settings.cache.memoryMaxBytes })
}

/** Unsafe choices are events, so that the status shows them; what is merely odd goes to the log. */
function announce(settings: Settings, { events, logger }: { events: SecurityEvents; logger: Logger }): void {
  for (const { variable, message, insecure } of settings.warnings) {
    if (insecure) events.emit('config.insecure', { variable, message })
    else logger.warn(message, { variable })
  }
}
