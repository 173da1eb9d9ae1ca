/**
 * What sealing costs beside plain AES-256-GCM: `node dist/bench/crypto.js`.
 *
 * All variants of a size run interleaved in one process, in short bursts in changing order, and the median
 * burst counts: what the machine does beside it then falls on all of them alike, or on nothing.
 */
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, randomFillSync } from 'node:crypto'
import { encode, decode } from '../lib/crypto/codec.js'
import { Envelope } from '../lib/crypto/envelope.js'
import { KeyRing } from '../lib/crypto/key-ring.js'
import { Secret } from '../lib/settings/secret.js'

const SIZES = [128, 1024, 10 * 1024, 100 * 1024]
/** Different sealed values per size: as many as there are subkeys to forget. */
const DISTINCT = 256
const BURST_MS = 20
const WARM_UP = 3
const ROUNDS = 21

interface Variant {
  readonly name: string
  /** Of which variant the time is given as a multiple. */
  readonly base: string
  readonly run: (i: number) => unknown
}

const keyRing = KeyRing.create({
  enabled: true,
  key: new Secret(randomBytes(32).toString('hex')),
  acceptedKeys: [],
})

/** AES-256-GCM with its own 96-bit nonce, from a pool: the least that any encryption costs. */
function plainCipher() {
  const key = createSecretKey(randomBytes(32))
  const options = { authTagLength: 16 }
  const pool = Buffer.alloc(4092)
  let offset = pool.length
  return {
    seal(payload: Uint8Array): Buffer {
      if (offset === pool.length) {
        randomFillSync(pool)
        offset = 0
      }
      const nonce = pool.subarray(offset, (offset += 12))
      const cipher = createCipheriv('aes-256-gcm', key, nonce, options)
      const ciphertext = cipher.update(payload)
      return Buffer.concat([nonce, ciphertext, cipher.final(), cipher.getAuthTag()])
    },
    open(sealed: Buffer): Buffer {
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), options)
      decipher.setAuthTag(sealed.subarray(-16))
      const plaintext = decipher.update(sealed.subarray(12, -16))
      decipher.final()
      return plaintext
    },
  }
}

function variants(size: number): Variant[] {
  const payload = randomBytes(size)
  const plain = plainCipher()
  const options = { codec: 'bytes', lifetimeSeconds: 3600 } as const
  const key = 'summary:123456'
  const namespace = new Envelope({ keyRing }).namespace('bench:', '')
  const leaping = leapingEnvelope().namespace('bench:', 'leaping')
  const reader = new Envelope({ keyRing }).namespace('bench:', 'leaping')
  const [plainSealed, keptSealed, leapingSealed] = [
    () => plain.seal(payload),
    () => namespace.seal(key, payload, options),
    () => leaping.seal(key, payload, options),
  ].map((seal) => Array.from({ length: DISTINCT }, seal))
  const json = {
    id: 1,
    items: Array.from({ length: Math.ceil(size / 32) }, (_, n) => ({ n, text: 'some text' })),
  }
  const encoded = encode(json)
  return [
    { name: 'plain seal', base: 'plain seal', run: () => plain.seal(payload) },
    { name: 'plain open', base: 'plain open', run: (i) => plain.open(pick(plainSealed, i)) },
    { name: 'seal', base: 'plain seal', run: () => namespace.seal(key, payload, options) },
    { name: 'seal, subkey derived', base: 'plain seal', run: () => leaping.seal(key, payload, options) },
    { name: 'open', base: 'plain open', run: (i) => namespace.open(key, pick(keptSealed, i)) },
    {
      name: 'open, subkey derived',
      base: 'plain open',
      run: (i) => reader.open(key, pick(leapingSealed, i)),
    },
    { name: 'encode JSON', base: 'plain seal', run: () => encode(json) },
    { name: 'decode JSON', base: 'plain open', run: () => decode('json', encoded.payload) },
  ]
}

/** Draws a new nonce prefix, and so derives a subkey, for every value; its generator costs nothing. */
function leapingEnvelope(): Envelope {
  let leaps = 0
  return new Envelope({
    keyRing,
    now: () => Date.now() + ++leaps * 1000,
    random: (bytes) => new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, leaps),
  })
}

function pick(sealed: readonly Buffer[] | undefined, i: number): Buffer {
  return sealed?.[i % DISTINCT] ?? Buffer.alloc(0)
}

/** Microseconds of one call, over a burst of some milliseconds. */
function burst(variant: Variant): number {
  let count = 0
  const start = process.hrtime.bigint()
  const end = start + BigInt(BURST_MS * 1e6)
  let now = start
  while (now < end) {
    for (let i = 0; i < 16; i++) variant.run(count++)
    now = process.hrtime.bigint()
  }
  return Number(now - start) / 1000 / count
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
}

/** A new order each round, so that nobody always pays for the garbage of the same neighbour. */
function shuffled(all: readonly Variant[]): Variant[] {
  return all
    .map((variant) => ({ variant, place: Math.random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ variant }) => variant)
}

/** The times of each variant, round by round; the first rounds only warm up. */
function measure(all: readonly Variant[]): Map<string, number[]> {
  const times = new Map(all.map(({ name }): [string, number[]] => [name, []]))
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    for (const variant of shuffled(all)) {
      const time = burst(variant)
      if (round >= WARM_UP) times.get(variant.name)?.push(time)
    }
  }
  return times
}

const table: Record<string, Record<string, string>> = {}
for (const size of SIZES) {
  const all = variants(size)
  const times = measure(all)
  for (const { name, base } of all) {
    const own = times.get(name) ?? []
    const ratio = median(own.map((time, round) => time / (times.get(base)?.[round] ?? Number.NaN)))
    ;(table[name] ??= {})[`${size} B`] = `${median(own).toFixed(1)} (x${ratio.toFixed(2)})`
  }
}
console.log('microseconds per value, and as a multiple of plain AES-256-GCM: medians of one run')
console.table(table)
