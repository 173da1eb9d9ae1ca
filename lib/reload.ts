import { unwatchFile, watchFile, type StatsListener } from 'node:fs'
import type { KeyRing } from './crypto/key-ring.js'
import { isCacheError } from './errors.js'
import type { SecurityEvents } from './events.js'
import type { Logger, ReloadTrigger } from './interface.js'
import type { Secret } from './settings/secret.js'
import type { Settings } from './settings/settings.js'

/** How often the files of secrets are looked at. By their state, not by notice: mounted secrets are links. */
const LOOK_MS = 2000
/** Files that belong together are written one after the other. */
const CALM_MS = 500

export interface ReloadParts {
  /** What counts now. */
  readonly settings: Settings
  /** Reads all settings anew, files included; throws a ConfigError. */
  readonly read: () => Settings
  readonly keyRing: KeyRing | undefined
  /** Passwords and certificates of all connections; throws a CacheError and changes nothing for what cannot be used. */
  readonly renewConnections: (settings: Settings) => void
  /** The keys have changed. */
  readonly onKeys: () => void
  readonly events: SecurityEvents
  readonly logger: Logger
}

/**
 * Takes over keys, passwords and certificates that have changed, without dropping a request: the key ring is swapped
 * as a whole, and connections that work are not disturbed. Everything else stays as it was at the start.
 */
export class Reload {
  readonly #parts: ReloadParts
  #present: Settings
  #running: Promise<void> = Promise.resolve()
  #calm: NodeJS.Timeout | undefined
  readonly #stops: (() => void)[] = []

  constructor(parts: ReloadParts) {
    this.#parts = parts
    this.#present = parts.settings
  }

  /** `files`: those that settings come from. */
  listen(triggers: readonly ReloadTrigger[], files: readonly string[]): void {
    const soon = (): void => {
      clearTimeout(this.#calm)
      this.#calm = setTimeout(() => {
        void this.run()
      }, CALM_MS).unref()
    }
    if (triggers.includes('SIGHUP')) {
      process.on('SIGHUP', soon)
      this.#stops.push(() => process.off('SIGHUP', soon))
    }
    if (!triggers.includes('change')) return
    for (const file of files) {
      const changed: StatsListener = (now, before) => {
        if (now.mtimeMs !== before.mtimeMs || now.ino !== before.ino || now.size !== before.size) soon()
      }
      watchFile(file, { interval: LOOK_MS, persistent: false }, changed)
      this.#stops.push(() => unwatchFile(file, changed))
    }
  }

  close(): void {
    clearTimeout(this.#calm)
    for (const stop of this.#stops.splice(0)) stop()
  }

  /** One after the other. Never rejects: what cannot be used is logged, and everything stays as it is. */
  run(): Promise<void> {
    this.#running = this.#running.then(async () => this.#run())
    return this.#running
  }

  async #run(): Promise<void> {
    const { read, renewConnections, events, logger } = this.#parts
    try {
      const next = read()
      const changed = CHANGES.filter(({ texts }) => differ(texts(this.#present), texts(next)))
      if (changed.some(({ what }) => what !== 'encryption keys')) renewConnections(next)
      if (changed.some(({ what }) => what === 'encryption keys')) await this.#replaceKeys(next)
      this.#present = next
      for (const { what } of changed) events.emit('config.reloaded', { what })
    } catch (error) {
      // A message of ours names the variable and never the value.
      logger.error(
        `reloading: everything stays as it is: ${isCacheError(error) ? error.message : 'unexpected failure'}`,
      )
    }
  }

  async #replaceKeys({ encryption }: Settings): Promise<void> {
    const { keyRing, onKeys, events } = this.#parts
    // Without a key in the settings there is that of dev mode, which does not change.
    if (keyRing === undefined || !encryption.enabled || encryption.key === undefined) return
    const previousKeyId = keyRing.primaryId
    await keyRing.replace(encryption)
    const keyId = keyRing.primaryId
    if (keyId !== previousKeyId) events.emit('key.rotated', { keyId, previousKeyId })
    onKeys()
  }
}

interface Reloadable {
  readonly what: 'encryption keys' | 'passwords' | 'certificates'
  readonly texts: (settings: Settings) => readonly (string | undefined)[]
}

const reveal = (secret: Secret | undefined): string | undefined => secret?.reveal()

/** What may change while we run. */
const CHANGES: readonly Reloadable[] = [
  {
    what: 'encryption keys',
    texts: ({ encryption }) => [
      reveal(encryption.key),
      reveal(encryption.passphrase),
      ...encryption.acceptedKeys.map(reveal),
    ],
  },
  {
    what: 'passwords',
    texts: ({ redis, users }) => [
      reveal(redis.password),
      reveal(users.maintenance.password),
      reveal(users.monitor.password),
    ],
  },
  {
    what: 'certificates',
    texts: ({ redis }) => [redis.tls?.ca, redis.tls?.cert, reveal(redis.tls?.key)],
  },
]

function differ(a: readonly (string | undefined)[], b: readonly (string | undefined)[]): boolean {
  return a.length !== b.length || a.some((text, index) => text !== b[index])
}
