import { BYTES_MARK, MAGIC } from '../crypto/header.js'
import { OpenError } from '../errors.js'
import type { NamespaceSealing, Opened, Sealing } from './sealing.js'

/**
 * Values as they are, for CACHE_UNSAFE_NO_ENCRYPTION alone: JSON in UTF-8, bytes behind a NUL. Nothing binds
 * them to their place or their age.
 */
export class Unsealed implements Sealing {
  namespace(): NamespaceSealing {
    return UNSEALED
  }
}

const UNSEALED: NamespaceSealing = {
  seal(_key, payload, { codec }) {
    return codec === 'bytes' ? Buffer.concat([Buffer.of(BYTES_MARK), payload]) : Buffer.from(payload)
  },

  open(_key, bytes): Opened {
    const first = bytes[0]
    // Somebody sealed this while encryption was on: without it there is no key to open it with.
    if (first === undefined || first === MAGIC) throw new OpenError('format')
    const payload = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const isBytes = first === BYTES_MARK
    return {
      payload: isBytes ? payload.subarray(1) : payload,
      codec: isBytes ? 'bytes' : 'json',
      issuedAt: 0,
      lifetimeSeconds: 0,
      keyId: '',
      metadata: undefined,
      skewSeconds: 0,
    }
  },
}
