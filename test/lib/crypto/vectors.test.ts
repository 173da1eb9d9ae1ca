import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { Envelope, type Codec, type Compression, type Metadata } from '../../../lib/crypto/envelope.js'
import { KeyRing } from '../../../lib/crypto/key-ring.js'
import { Secret } from '../../../lib/settings/secret.js'
import { encryption, reasonOf } from './support.js'

interface Place {
  readonly name: string
  /** Hex. */
  readonly key: string
  readonly prefix: string
  readonly namespace: string
  readonly keyName: string
  /** Hex. */
  readonly sealed: string
}

interface GoodValue extends Place {
  /** The key as settings have it, where that is not the key in hex. */
  readonly keyText?: string
  readonly passphrase?: string
  readonly codec: Codec
  readonly compression: Compression
  readonly padded: boolean
  readonly metadata?: Omit<Metadata, 'tagVersions'> & { readonly tagVersions?: string }
  readonly issuedAt: number
  readonly lifetimeSeconds: number
  readonly nonce: string
  readonly payload: string
}

interface RefusedValue extends Place {
  readonly now: number
  readonly maxPayloadBytes?: number
  readonly reason: string
}

/** From dist/test/lib/crypto to the sources, which alone hold these files. */
function readSource(path: string): string {
  return readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8')
}

function readVectors(file: string): unknown {
  return JSON.parse(readSource(`test/vectors/${file}`))
}

/** The bytes before the remarks of the first block of text in the documentation that has this remark. */
function documentedBytes(remark: string): string {
  const blocks = readSource('docs/envelope.md').split('```')
  const lines = blocks.find((block) => block.includes(remark))?.split('\n') ?? []
  return lines
    .map((line) => /^((?:[0-9a-f]{2}| (?! ))+)  /.exec(line)?.[1]?.replaceAll(' ', '') ?? '')
    .join('')
}

/** Files hold bytes as hex. */
function metadataOf({ metadata }: GoodValue): Metadata | undefined {
  if (metadata?.tagVersions === undefined) return metadata as Metadata | undefined
  return { ...metadata, tagVersions: Buffer.from(metadata.tagVersions, 'hex') }
}

/** A generator that gives the nonce of the file. */
function randomOf({ nonce }: GoodValue): (bytes: Uint8Array) => void {
  return (bytes) => bytes.set(Buffer.from(nonce, 'hex'))
}

async function namespaceOf(value: GoodValue) {
  const settings = encryption(value.keyText ?? value.key)
  const passphrase = value.passphrase === undefined ? undefined : new Secret(value.passphrase)
  const keyRing = KeyRing.create({ ...settings, passphrase })
  await keyRing.ready
  const now = () => value.issuedAt * 1000
  return new Envelope({ keyRing, now, random: randomOf(value) }).namespace(value.prefix, value.namespace)
}

const { values: good } = readVectors('sealed-v1.json') as { readonly values: readonly GoodValue[] }
const { values: refused } = readVectors('refused-v1.json') as { readonly values: readonly RefusedValue[] }

describe('a frozen value of format version 1', () => {
  for (const value of good) {
    it(`opens: ${value.name}`, async () => {
      const opened = (await namespaceOf(value)).open(value.keyName, Buffer.from(value.sealed, 'hex'))
      expect(opened.payload.toString('hex')).to.equal(value.payload)
      const { codec, compression, padded, issuedAt, lifetimeSeconds } = value
      expect(opened).to.include({ codec, issuedAt, lifetimeSeconds })
      expect(Envelope.describe(Buffer.from(value.sealed, 'hex'))).to.include({ compression, padded })
      expect(opened.metadata).to.deep.equal(metadataOf(value))
    })

    // What deflate and brotli write may change with their version; an unknown entry is not written at all.
    const isWrittenByUs = value.compression === 'none' && !value.name.includes('not known')
    if (!isWrittenByUs) continue
    it(`is written byte for byte: ${value.name}`, async () => {
      const { codec, padded, issuedAt, lifetimeSeconds } = value
      const options = { codec, padded, issuedAt, lifetimeSeconds, metadata: metadataOf(value) }
      const payload = Buffer.from(value.payload, 'hex')
      const sealed = (await namespaceOf(value)).seal(value.keyName, payload, options)
      expect(sealed.toString('hex')).to.equal(value.sealed)
    })
  }

  for (const value of refused) {
    it(`is refused as ${value.reason}: ${value.name}`, () => {
      const envelope = new Envelope({
        keyRing: KeyRing.create(encryption(value.key)),
        now: () => value.now * 1000,
        maxPayloadBytes: value.maxPayloadBytes,
      })
      const namespace = envelope.namespace(value.prefix, value.namespace)
      const sealed = Buffer.from(value.sealed, 'hex')
      expect(reasonOf(() => namespace.open(value.keyName, sealed))).to.equal(value.reason)
    })
  }
})

describe('docs/envelope.md', () => {
  it('shows a frozen value byte for byte', () => {
    const value = good.find(({ name }) => name === 'JSON in a namespace')
    expect(documentedBytes('magic, suite, flags')).to.equal(value?.sealed)
  })
})
