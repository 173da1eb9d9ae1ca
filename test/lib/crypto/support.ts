import { expect } from 'chai'
import { Envelope, type EnvelopeOptions } from '../../../lib/crypto/envelope.js'
import { KeyRing } from '../../../lib/crypto/key-ring.js'
import { CacheError, OpenError } from '../../../lib/errors.js'
import { Secret } from '../../../lib/settings/secret.js'
import type { EncryptionSettings } from '../../../lib/settings/settings.js'

/** A time at which a test's clock stands: 2025-06-15T15:06:40Z, as unix seconds and as milliseconds. */
export const NOW_SECONDS = 1_750_000_000
export const NOW_MS = NOW_SECONDS * 1000

/** Encryption settings of these keys, the first one sealing. */
export function encryption(...keys: [string, ...string[]]): EncryptionSettings {
  const [key, ...acceptedKeys] = keys.map((text) => new Secret(text))
  return { enabled: true, key, acceptedKeys }
}

/** A key that no other number gives, as hex. */
export function keyText(number: number): string {
  return Buffer.alloc(32, number).toString('hex')
}

/** An envelope of one key, under a clock that stands still. */
export function envelope(options: Partial<EnvelopeOptions> = {}): Envelope {
  return new Envelope({ keyRing: KeyRing.create(encryption(keyText(1))), now: () => NOW_MS, ...options })
}

/** Why the bytes do not open; `opened` where they do. */
export function reasonOf(open: () => unknown): string {
  try {
    open()
  } catch (error) {
    if (error instanceof OpenError) return error.reason
    throw error
  }
  return 'opened'
}

/** The error of the library that the call throws. */
export function errorOf(call: () => unknown): CacheError {
  try {
    call()
  } catch (error) {
    expect(error).to.be.instanceOf(CacheError)
    return error as CacheError
  }
  throw new Error('nothing was thrown')
}
