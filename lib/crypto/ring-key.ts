import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { KEY_ID_BYTES } from './header.js'
import { SealingKey } from './sealing-key.js'

const KEY_ID_INFO = 'express-secure-cache/v1/kid'
const SEALING_INFO = Buffer.from('express-secure-cache/v1/xaes-256-gcm\0')
const KEPT_NAMESPACES = 1000
/** Node refuses more than 1024 bytes of HKDF info. */
export const MAX_AAD_NAMESPACE_BYTES = 1024 - SEALING_INFO.length

/** One key of the ring: its public id, and a sealing key for each namespace, derived from it by HKDF-SHA256. */
export class RingKey {
  /** The id as 32 hex digits. Tells nothing about the key. */
  readonly id: string
  readonly idBytes: Buffer
  /** The key itself. */
  readonly master: KeyObject
  readonly #sealingKeys = new LRUCache<string, SealingKey>({ max: KEPT_NAMESPACES })

  constructor(master: KeyObject) {
    this.master = master
    this.idBytes = Buffer.from(hkdfSync('sha256', master, '', KEY_ID_INFO, KEY_ID_BYTES))
    this.id = this.idBytes.toString('hex')
  }

  /** Whether the 16 bytes at `offset` are this key's id. Ids are public: no constant time needed. */
  hasId(bytes: Uint8Array, offset: number): boolean {
    for (let i = 0; i < KEY_ID_BYTES; i++) {
      if (bytes[offset + i] !== this.idBytes[i]) return false
    }
    return true
  }

  /** The key that seals the values of one AAD namespace (key prefix ‖ NUL ‖ namespace). */
  sealingKey(aadNamespace: string): SealingKey {
    let sealingKey = this.#sealingKeys.get(aadNamespace)
    if (sealingKey === undefined) {
      const info = Buffer.concat([SEALING_INFO, Buffer.from(aadNamespace)])
      const bytes = Buffer.from(hkdfSync('sha256', this.master, '', info, 32))
      sealingKey = new SealingKey(createSecretKey(bytes))
      bytes.fill(0)
      this.#sealingKeys.set(aadNamespace, sealingKey)
    }
    return sealingKey
  }
}
