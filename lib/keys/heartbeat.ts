import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { KeyRing } from '../crypto/key-ring.js'
import type { Store } from '../store.js'
import { HEARTBEAT_SECONDS, type InstanceReport } from './instances.js'

/** Three of them are missed before an instance counts as gone. */
const INTERVAL_MS = 30_000

export interface HeartbeatOptions {
  readonly store: Pick<Store, 'set' | 'delete' | 'refusal'>
  readonly sealing: {
    seal(
      key: string,
      payload: Uint8Array,
      options: { readonly codec: 'bytes'; readonly lifetimeSeconds: number },
    ): Buffer
  }
  /** The complete name in Redis of a key in `@instance`. */
  readonly nameOf: (key: string) => string
  readonly keyRing: Pick<KeyRing, 'ready' | 'isReady' | 'primaryId' | 'acceptedIds'>
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/**
 * Tells the others, every half minute, which keys this instance seals under and opens: whoever rotates keys looks at
 * it before a key is promoted or retired. Sealed, kept for 90 seconds, and taken back when the instance closes.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions
  readonly #id = randomBytes(8).toString('hex')
  #timer: NodeJS.Timeout | undefined
  #beating = false
  #closed = false

  constructor(options: HeartbeatOptions) {
    this.#options = options
  }

  /** Begins, or tells at once what has changed. Never throws: a heartbeat that is missed is told by nobody else. */
  beat(): void {
    if (this.#closed) return
    this.#timer ??= setInterval(() => {
      void this.#beat()
    }, INTERVAL_MS).unref()
    void this.#beat()
  }

  /** The connection is about to close: a heartbeat that stays for 90 seconds would hold up the next rotation. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#timer)
    const { store, nameOf } = this.#options
    if (this.#timer === undefined || store.refusal?.() !== undefined) return
    await store.delete([nameOf(this.#id)]).catch(() => 0)
  }

  async #beat(): Promise<void> {
    const { store, sealing, nameOf, keyRing } = this.#options
    if (this.#beating) return
    this.#beating = true
    try {
      if (!keyRing.isReady) await keyRing.ready
      if (this.#closed || store.refusal?.() !== undefined) return
      const payload = Buffer.from(JSON.stringify(this.#report()))
      const sealed = sealing.seal(this.#id, payload, { codec: 'bytes', lifetimeSeconds: HEARTBEAT_SECONDS })
      await store.set(nameOf(this.#id), sealed, HEARTBEAT_SECONDS * 1000)
    } catch {
      // Redis is away, or full: the store has told of it, and the next one follows in half a minute.
    } finally {
      this.#beating = false
    }
  }

  #report(): InstanceReport {
    const { keyRing, now } = this.#options
    return {
      id: this.#id,
      host: hostname(),
      pid: process.pid,
      at: new Date(now()).toISOString(),
      primaryKeyId: keyRing.primaryId,
      acceptedKeyIds: keyRing.acceptedIds,
    }
  }
}
