import { createSecretKey, pbkdf2, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { CacheError } from '../errors.js'
import type { Secret } from '../settings/secret.js'
import type { EncryptionSettings } from '../settings/settings.js'
import { KEY_BYTES, parseKey, type ParsedKey } from './key-text.js'
import { RingKey } from './ring-key.js'

export { parseKey, KEY_FORMS, type ParsedKey } from './key-text.js'

const MAX_KEYS = 16
const derive = promisify(pbkdf2)

/** Something odd about the keys that does not stop a start. Names no key. */
export interface KeyRingWarning {
  readonly kind: 'duplicate_key'
  readonly message: string
}

export interface KeyRingHooks {
  readonly onWarning?: ((warning: KeyRingWarning) => void) | undefined
}

/** The keys at one moment. Swapped as a whole, never changed. */
interface RingState {
  /** Absent while it is being derived from the passphrase. */
  readonly primary: RingKey | undefined
  readonly keys: readonly RingKey[]
}

/** Parsed settings: the primary key first. */
interface RingPlan {
  readonly keys: readonly ParsedKey[]
  readonly passphrase: Secret | undefined
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
  #state: RingState = { primary: undefined, keys: [] }
  #ready: Promise<void> = Promise.resolve()
  #isReady = false
  /** Counts replacements, so that a slow derivation never overwrites a later one. */
  #generation = 0

  private constructor(hooks: KeyRingHooks) {
    this.#onWarning = hooks.onWarning ?? (() => undefined)
  }

  /** @throws CacheError ERR_KEY_FORMAT naming the variable, never its value */
  static create(encryption: EncryptionSettings, hooks: KeyRingHooks = {}): KeyRing {
    const ring = new KeyRing(hooks)
    const plan = readPlan(encryption)
    // Values under keys that need no derivation open before the others are ready.
    const first = plan.keys[0]
    ring.#state = {
      primary: first?.kind === 'raw' ? new RingKey(first.key) : undefined,
      keys: plan.keys.flatMap((key) => (key.kind === 'raw' ? [new RingKey(key.key)] : [])),
    }
    ring.#begin(plan)
    return ring
  }

  /** Resolves when every key is there; rejects with a `CacheError` where a derivation fails. */
  get ready(): Promise<void> {
    return this.#ready
  }

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

  /** The keys themselves, for formats without a key id (Fernet). Not to be kept, copied or printed. */
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
   * Swaps the keys while running. Bytes of keys take effect before this returns; where one must be derived
   * the present keys stay until all are there. The last call wins. A rejection changes nothing.
   *
   * Rejects with a CacheError ERR_KEY_FORMAT for settings that {@link KeyRing.create} would refuse.
   */
  async replace(encryption: EncryptionSettings): Promise<void> {
    this.#begin(readPlan(encryption))
    await this.#ready
  }

  #begin(plan: RingPlan): void {
    const generation = ++this.#generation
    if (plan.keys.every((key) => key.kind === 'raw')) {
      this.#swap(plan.keys.map((key) => key.key))
      this.#ready = Promise.resolve()
      return
    }
    this.#ready = this.#deriveAndSwap(plan, generation)
    // Whoever awaits `ready` hears of it; nobody awaiting it must not end the process.
    this.#ready.catch(() => undefined)
  }

  async #deriveAndSwap(plan: RingPlan, generation: number): Promise<void> {
    const masters = await deriveAll(plan)
    if (generation === this.#generation) this.#swap(masters)
  }

  #swap(masters: readonly KeyObject[]): void {
    const known = new Map(this.#state.keys.map((key) => [key.id, key]))
    const kept = new Map<string, RingKey>()
    let duplicates = 0
    for (const master of masters) {
      const key = new RingKey(master)
      if (kept.has(key.id)) duplicates++
      // A key that stays keeps its derived keys and the count of values under its nonce prefix.
      else kept.set(key.id, known.get(key.id) ?? key)
    }
    const keys = [...kept.values()]
    this.#state = { primary: keys[0], keys }
    this.#isReady = true
    if (duplicates > 0) this.#onWarning({ kind: 'duplicate_key', message: duplicateMessage(duplicates) })
  }
}

function duplicateMessage(duplicates: number): string {
  return (
    `the same encryption key is given ${duplicates + 1} times in REDIS_ENCRYPTION_KEY and ` +
    'REDIS_ENCRYPTION_ACCEPTED_KEYS: each is kept once; remove the repetition'
  )
}

function readPlan(encryption: EncryptionSettings): RingPlan {
  const { key, acceptedKeys, passphrase } = encryption
  if (key === undefined) {
    throw new CacheError('ERR_KEY_FORMAT', 'REDIS_ENCRYPTION_KEY is required to seal values')
  }
  if (acceptedKeys.length + 1 > MAX_KEYS) {
    throw new CacheError(
      'ERR_KEY_FORMAT',
      `REDIS_ENCRYPTION_ACCEPTED_KEYS must have at most ${MAX_KEYS - 1} keys, got ${acceptedKeys.length}`,
    )
  }
  const keys = [
    parseKey(key.reveal(), 'REDIS_ENCRYPTION_KEY'),
    ...acceptedKeys.map((accepted, i) =>
      parseKey(accepted.reveal(), `REDIS_ENCRYPTION_ACCEPTED_KEYS (entry ${i + 1})`),
    ),
  ]
  if (keys.some((parsed) => parsed.kind === 'pbkdf2') && !passphrase?.reveal()) {
    throw new CacheError(
      'ERR_KEY_FORMAT',
      'REDIS_ENCRYPTION_PASSPHRASE is required: a key of the form pbkdf2-sha256:… is derived from it',
    )
  }
  return { keys, passphrase }
}

/** One after the other: in parallel they would fill the thread pool and delay name look-ups and file reads. */
async function deriveAll({ keys, passphrase }: RingPlan): Promise<KeyObject[]> {
  const masters: KeyObject[] = []
  for (const key of keys) {
    if (key.kind === 'raw') {
      masters.push(key.key)
      continue
    }
    const bytes = await derive(passphrase?.reveal() ?? '', key.salt, key.iterations, KEY_BYTES, 'sha256')
    masters.push(createSecretKey(bytes))
    bytes.fill(0)
  }
  return masters
}
