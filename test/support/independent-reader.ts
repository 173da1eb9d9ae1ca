import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'

/**
 * A reader of sealed values written from docs/envelope.md alone: it imports nothing of the library, so that the
 * format, and not our code, is what both agree on.
 */

export interface Place {
  /** 32 bytes. */
  readonly master: Buffer
  /** The key prefix, such as `ai_cache:`. */
  readonly prefix: string
  /** As it stands in Redis; empty for the root. */
  readonly namespace: string
  readonly key: string
}

export interface IndependentlyRead {
  readonly value: unknown
  readonly issuedAt: number
  readonly lifetime: number
}

export function readIndependently(sealed: Buffer, place: Place): IndependentlyRead {
  const [magic, suite, flags = 0] = sealed
  if (magic !== 0xc1 || suite !== 0x01) throw new Error('not a sealed value of version 1')
  if ((flags & 0b1111_1000) !== 0)
    throw new Error('compressed, padded or with metadata: not written by default')
  if (!sealed.subarray(3, 19).equals(hkdf(place.master, Buffer.from('express-secure-cache/v1/kid'), 16))) {
    throw new Error('sealed under another key')
  }
  const nonce = sealed.subarray(27, 51)
  const tag = sealed.subarray(-16)
  const decipher = createDecipheriv('aes-256-gcm', subkey(sealingKey(place), nonce), nonce.subarray(12), {
    authTagLength: 16,
  })
  decipher.setAAD(additionalData(sealed, place))
  decipher.setAuthTag(tag)
  const plaintext = Buffer.concat([decipher.update(sealed.subarray(51, -16)), decipher.final()])
  return {
    value: (flags & 0b111) === 1 ? JSON.parse(plaintext.toString('utf8')) : plaintext,
    issuedAt: sealed.readUInt32BE(19),
    lifetime: sealed.readUInt32BE(23),
  }
}

function aadNamespace({ prefix, namespace }: Place): Buffer {
  return Buffer.from(`${prefix}\0${namespace}`)
}

function sealingKey(place: Place): Buffer {
  const label = Buffer.from('express-secure-cache/v1/xaes-256-gcm\0')
  return hkdf(place.master, Buffer.concat([label, aadNamespace(place)]), 32)
}

function additionalData(sealed: Buffer, place: Place): Buffer {
  const namespace = aadNamespace(place)
  const key = Buffer.from(place.key)
  const lengths = Buffer.alloc(2)
  lengths.writeUInt16BE(namespace.length)
  const keyLength = Buffer.alloc(4)
  keyLength.writeUInt32BE(key.length)
  return Buffer.concat([sealed.subarray(0, 27), Buffer.of(0), lengths, namespace, keyLength, key])
}

/** XAES-256-GCM's derivation (https://c2sp.org/XAES-256-GCM). */
function subkey(key: Buffer, nonce: Buffer): Buffer {
  const k1 = doubled(aes(key, Buffer.alloc(16)))
  const halves = [1, 2].map((counter) => {
    const block = Buffer.concat([Buffer.of(0, counter, 0x58, 0), nonce.subarray(0, 12)])
    return aes(key, Buffer.from(block.map((byte, index) => byte ^ (k1[index] ?? 0))))
  })
  return Buffer.concat(halves)
}

/** In GF(2^128), as CMAC does it. */
function doubled(block: Buffer): Buffer {
  const number = BigInt(`0x${block.toString('hex')}`) << 1n
  const reduced = number >> 128n === 1n ? (number ^ 0x87n) & ((1n << 128n) - 1n) : number
  return Buffer.from(reduced.toString(16).padStart(32, '0'), 'hex')
}

function aes(key: Buffer, block: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false)
  return Buffer.concat([cipher.update(block), cipher.final()])
}

function hkdf(key: Buffer, info: Buffer, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', info, length))
}
