import { KEYS_READY, type KeyReadiness } from './cache/key-readiness.js'
import type { Sealing } from './cache/sealing.js'
import { Unsealed } from './cache/unsealed.js'
import { Envelope } from './crypto/envelope.js'
import type { GcmThread } from './crypto/gcm-thread.js'
import { KeyRing } from './crypto/key-ring.js'
import type { Secret } from './settings/secret.js'
import type { EncryptionSettings } from './settings/settings.js'

export interface Encryption {
  readonly sealing: Sealing
  readonly keys: KeyReadiness
  /** Absent without encryption. */
  readonly keyRing: KeyRing | undefined
}

export interface EncryptionParts {
  /** Made where no key is configured and settings allow that (dev mode, memory). */
  readonly fallbackKey: () => Secret
  readonly onWarning: (message: string) => void
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** What one value may unfold to; the envelope's own bound where absent. */
  readonly maxPayloadBytes?: number | undefined
  /** Takes large values off the event loop; whoever makes it ends it. */
  readonly thread?: GcmThread | undefined
}

/** The keys and the sealing over them; throws ERR_KEY_FORMAT. */
export function openEncryption(encryption: EncryptionSettings, parts: EncryptionParts): Encryption {
  const { fallbackKey, onWarning, now, maxPayloadBytes, thread } = parts
  if (!encryption.enabled) return { sealing: new Unsealed(), keys: KEYS_READY, keyRing: undefined }
  const key = encryption.key ?? fallbackKey()
  const keyRing = KeyRing.create(
    { ...encryption, key },
    {
      onWarning: ({ message }) => {
        onWarning(message)
      },
    },
  )
  return { sealing: new Envelope({ keyRing, now, maxPayloadBytes, thread }), keys: keyRing, keyRing }
}
