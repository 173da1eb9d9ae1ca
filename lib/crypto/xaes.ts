import { createCipheriv, createDecipheriv, createSecretKey, type Cipher, type KeyObject } from 'node:crypto'

/** Bytes of an XAES-256-GCM nonce: 12 derive the subkey, 12 go into AES-256-GCM. */
export const NONCE_BYTES = 24
/** Bytes of a nonce that select the subkey. */
export const SUBKEY_NONCE_BYTES = 12
export const TAG_BYTES = 16
const BLOCK_BYTES = 16

// Tag length is fixed: Node 20 to 24 otherwise accept GCM tags of four bytes.
const GCM_OPTIONS = Object.freeze({ authTagLength: TAG_BYTES })

/** A secret key of 32 bytes. As plain bytes it is good for one call, and whoever made it wipes it afterwards. */
export type Subkey = KeyObject | Uint8Array

/** What one AES-256-GCM call needs beside its text; `nonce` are the last 12 bytes of the XAES nonce. */
export interface GcmInput<K extends Subkey = Subkey> {
  readonly subkey: K
  readonly nonce: Uint8Array
  readonly additionalData: Uint8Array
}

/**
 * The key derivation of XAES-256-GCM (https://c2sp.org/XAES-256-GCM): AES-256-GCM with a 192-bit nonce, so
 * that one key is good for practically any number of values with random nonces.
 *
 * Holds one AES-256-ECB cipher for its life: a fresh one costs four times as much as the derivation itself.
 */
export class XaesKey {
  readonly #ecb: Cipher
  readonly #k1: Uint8Array
  /** (M1 ⊕ K1) ‖ (M2 ⊕ K1); only the nonce's places change. */
  readonly #blocks: Uint8Array

  /** `key`: a secret `KeyObject` of 32 bytes. */
  constructor(key: KeyObject) {
    this.#ecb = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false)
    this.#k1 = doubled(this.#ecb.update(new Uint8Array(BLOCK_BYTES)))
    this.#blocks = Uint8Array.from([...masked(this.#k1, 1), ...masked(this.#k1, 2)])
  }

  /** The AES-256-GCM key for the 12 nonce bytes at `offset`. */
  subkey(nonce: Uint8Array, offset: number): KeyObject {
    const derived = this.subkeyBytes(nonce, offset)
    const subkey = createSecretKey(derived)
    derived.fill(0)
    return subkey
  }

  /** The same as plain bytes, to be used once and wiped. */
  subkeyBytes(nonce: Uint8Array, offset: number): Buffer {
    const blocks = this.#blocks
    for (let i = 0; i < SUBKEY_NONCE_BYTES; i++) {
      const mixed = (this.#k1[4 + i] ?? 0) ^ (nonce[offset + i] ?? 0)
      blocks[4 + i] = mixed
      blocks[BLOCK_BYTES + 4 + i] = mixed
    }
    return this.#ecb.update(blocks)
  }
}

/** Encrypts; writes ciphertext ‖ tag (`plaintext.length + 16` bytes) to the end of `target`. */
export function gcmSeal(input: GcmInput, plaintext: Uint8Array, target: Uint8Array): void {
  const cipher = createCipheriv('aes-256-gcm', input.subkey, input.nonce, GCM_OPTIONS)
  cipher.setAAD(input.additionalData)
  const tagAt = target.length - TAG_BYTES
  target.set(cipher.update(plaintext), tagAt - plaintext.length)
  cipher.final()
  target.set(cipher.getAuthTag(), tagAt)
}

/** Filled anew for each call: another view of the value would cost more than its 16 bytes. */
const tag = new Uint8Array(TAG_BYTES)

/**
 * Decrypts ciphertext ‖ tag, which begin at `offset`; `undefined` where they are not authentic. No byte leaves
 * before the tag is checked.
 */
export function gcmOpen(input: GcmInput, sealed: Uint8Array, offset: number): Buffer | undefined {
  const tagAt = sealed.length - TAG_BYTES
  if (tagAt < offset) return undefined
  const decipher = createDecipheriv('aes-256-gcm', input.subkey, input.nonce, GCM_OPTIONS)
  decipher.setAAD(input.additionalData)
  for (let i = 0; i < TAG_BYTES; i++) tag[i] = sealed[tagAt + i] ?? 0
  decipher.setAuthTag(tag)
  const plaintext = decipher.update(sealed.subarray(offset, tagAt))
  try {
    decipher.final()
  } catch {
    plaintext.fill(0)
    return undefined
  }
  return plaintext
}

/** M ⊕ K1 for an empty nonce, where M = 00 ‖ counter ‖ 'X' ‖ 00 ‖ nonce[0..11]. */
function masked(k1: Uint8Array, counter: number): number[] {
  return [0, counter, 0x58, 0, ...Array.from<number>({ length: 12 }).fill(0)].map((m, i) => m ^ (k1[i] ?? 0))
}

/** Doubling in GF(2^128), as CMAC has it (NIST SP 800-38B, section 6.1), without a branch on the secret. */
function doubled(block: Uint8Array): Uint8Array {
  const result = new Uint8Array(BLOCK_BYTES)
  const overflow = (block[0] ?? 0) >> 7
  for (let i = 0; i < BLOCK_BYTES; i++) {
    result[i] = ((block[i] ?? 0) << 1) | ((block[i + 1] ?? 0) >> 7)
  }
  result[BLOCK_BYTES - 1] = (result[BLOCK_BYTES - 1] ?? 0) ^ (0x87 & -overflow)
  return result
}
