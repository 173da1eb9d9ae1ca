import type { KeyObject } from 'node:crypto'
import type { EncryptionSettings } from '../settings/settings.js'
import { deriveMasterKeys, immediateMasterKeys, planMasterKeys, type MasterKeyPlan } from './master-keys.js'
import { RingKey } from './ring-key.js'

export { parseKey, KEY_FORMS, type ParsedKey } from './key-text.js'

/** Something odd about the keys that does not stop a start. Names no key. */
export interface KeyRingWarning {
  readonly kind: 'duplicate_key'
  readonly message: string
}

const DUPLICATE_KEY: KeyRingWarning = Object.freeze({
  kind: 'duplicate_key',
  message:
    'an encryption key is given more than once in REDIS_ENCRYPTION_KEY and REDIS_ENCRYPTION_ACCEPTED_KEYS: ' +
    'it is kept once; remove the repetition',
})

export interface KeyRingHooks {
  readonly onWarning?: ((warning: KeyRingWarning) => void) | undefined
}

/** The keys at one moment. Swapped as a whole, never changed. */
interface RingState {
  /** Absent while it is being derived from the passphrase. */
  readonly primary: RingKey | undefined
  readonly keys: readonly RingKey[]
}

/**
 * The keys that seal and open: the primary one seals, all open. A value's key id selects its key; there is
 * no trial decryption.
 *
 * Keys given as bytes are there at once. Keys derived from a passphrase (PBKDF2) take a fraction of a second
 * each and are there when {@link KeyRing.ready} resolves. {@link KeyRing.replace} swaps the keys while values
 * are being sealed and opened.
 */
export class KeyRing {
  readonly #onWarning: (warning: KeyRingWarning) => void
  /** Resolves when every key is there; rejects with a `CacheError` where a derivation fails. */
  readonly ready: Promise<void>
  #state: RingState = { primary: undefined, keys: [] }
  #isReady = false
  /** Counts the settings given, so that a slow derivation never replaces what was given later. */
  #given = 0
  #taken = 0

  private constructor(plan: MasterKeyPlan, hooks: KeyRingHooks) {
    this.#onWarning = hooks.onWarning ?? (() => undefined)
    // What lies under keys that need no derivation opens before the others are there.
    const [first, ...others] = plan.keys.map((key) => (key.kind === 'raw' ? new RingKey(key.key) : undefined))
    this.#state = { primary: first, keys: [first, ...others].filter((key) => key !== undefined) }
    this.ready = this.#take(plan)
    // Whoever awaits `ready` hears of it; nobody awaiting it must not end the process.
    this.ready.catch(() => undefined)
  }

  /** @throws CacheError ERR_KEY_FORMAT naming the variable, never its value */
  static create(encryption: EncryptionSettings, hooks: KeyRingHooks = {}): KeyRing {
    return new KeyRing(planMasterKeys(encryption), hooks)
  }

  /** Whether every key is there. Stays true while keys are being replaced. */
  get isReady(): boolean {
    return this.#isReady
  }

  /** The key that seals, or `undefined` while it is being derived. */
  get primary(): RingKey | undefined {
    return this.#state.primary
  }

  /** Id of the key that seals, 32 hex digits; empty while it is being derived. */
  get primaryId(): string {
    return this.#state.primary?.id ?? ''
  }

  /** Ids of the other keys that open, 32 hex digits each, in the order given. */
  get acceptedIds(): readonly string[] {
    return this.#state.keys.filter((key) => key !== this.#state.primary).map((key) => key.id)
  }

  /** The keys themselves, for a format without key ids (Fernet). Not to be kept, copied or printed. */
  get masters(): readonly KeyObject[] {
    return this.#state.keys.map((key) => key.master)
  }

  /** The key whose id stands at `offset`. */
  find(bytes: Uint8Array, offset: number): RingKey | undefined {
    for (const key of this.#state.keys) {
      if (key.hasId(bytes, offset)) return key
    }
    return undefined
  }

  /**
   * Swaps the keys while running. Keys given as bytes take effect before this returns; where one must be derived
   * the present keys stay until all are there. What was given last wins; a rejection changes nothing.
   *
   * Rejects with a CacheError ERR_KEY_FORMAT for settings that {@link KeyRing.create} would refuse.
   */
  async replace(encryption: EncryptionSettings): Promise<void> {
    await this.#take(planMasterKeys(encryption))
  }

  async #take(plan: MasterKeyPlan): Promise<void> {
    const number = ++this.#given
    const masters = immediateMasterKeys(plan) ?? (await deriveMasterKeys(plan))
    if (number < this.#taken) return
    this.#taken = number
    this.#swap(masters)
  }

  #swap(masters: readonly KeyObject[]): void {
    const present = new Map(this.#state.keys.map((key) => [key.id, key]))
    const next = new Map<string, RingKey>()
    for (const master of masters) {
      const key = new RingKey(master)
      // A key that stays keeps its derived keys, and the count of values under its nonce prefix.
      next.set(key.id, present.get(key.id) ?? key)
    }
    const keys = [...next.values()]
    this.#state = { primary: keys[0], keys }
    this.#isReady = true
    if (keys.length < masters.length) this.#warn(DUPLICATE_KEY)
  }

  #warn(warning: KeyRingWarning): void {
    try {
      this.#onWarning(warning)
    } catch {
      // Whoever reports is what failed: the keys are fine.
    }
  }
}
