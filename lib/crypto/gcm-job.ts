import type { KeyObject } from 'node:crypto'

/** The id of the message that says that the other thread listens. */
export const READY = 0

/**
 * One AES-256-GCM call for another thread. `text` is shared memory: whoever asks can still do the work itself,
 * under the same nonce for the same bytes, when the other thread ends before it has answered.
 */
export interface GcmJob {
  readonly id: number
  readonly direction: 'seal' | 'open'
  /** The subkey of this nonce prefix alone; no key of the ring ever leaves its thread. */
  readonly subkey: KeyObject
  readonly nonce: Uint8Array
  readonly additionalData: Uint8Array
  /** Plaintext to seal, or the whole sealed value to open. */
  readonly text: Uint8Array
  /** Bytes of `text`, or of the result, that are the header's. */
  readonly headerBytes: number
}

export interface GcmAnswer {
  readonly id: number
  /**
   * Sealed: room for the header, ciphertext, tag. Opened: the plaintext, or `undefined` where it is not
   * authentic. Moved here, not copied.
   */
  readonly result: Uint8Array | undefined
}
