import type { Opened, SealOptions } from '../crypto/envelope.js'

export type { Opened } from '../crypto/envelope.js'

/**
 * How payloads become bytes that may rest elsewhere, and back. `Envelope` seals them; `Unsealed` is the
 * unsafe way round.
 */
export interface Sealing {
  namespace(prefix: string, name: string): NamespaceSealing
}

export interface NamespaceSealing {
  seal(key: string, payload: Uint8Array, options: SealOptions): Buffer
  /** Throws an OpenError for everything that was not sealed for this key. */
  open(key: string, bytes: Uint8Array): Opened
  /** The same in another thread, where that leaves the event loop free; `undefined` where it is done here. */
  sealAside?(key: string, payload: Uint8Array, options: SealOptions): Promise<Buffer> | undefined
  openAside?(key: string, bytes: Uint8Array): Promise<Opened> | undefined
}
