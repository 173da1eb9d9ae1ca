import { Envelope, type EnvelopeOptions } from '../../../lib/crypto/envelope.js'
import { KeyRing } from '../../../lib/crypto/key-ring.js'
import { Secret } from '../../../lib/settings/secret.js'
import type { EncryptionSettings } from '../../../lib/settings/settings.js'

/** 2025-06-15T15:06:40Z, as milliseconds. */
export const NOON = 1_750_000_000_000

/** Encryption settings of these keys, the first one sealing. */
export function encryption(...keys: [string, ...string[]]): EncryptionSettings {
  const [key, ...acceptedKeys] = keys.map((text) => new Secret(text))
  return { enabled: true, key, acceptedKeys }
}

/** A key that no other number gives, as hex. */
export function keyText(number: number): string {
  return Buffer.alloc(32, number).toString('hex')
}

/** An envelope of one key under a clock that stands still. */
export function envelope(options: Partial<EnvelopeOptions> = {}): Envelope {
  return new Envelope({ keyRing: KeyRing.create(encryption(keyText(1))), now: () => NOON, ...options })
}
