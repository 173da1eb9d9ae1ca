import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'
import { readMetadata, writeMetadata, type Metadata } from '../../../lib/crypto/metadata.js'
import { errorOf, reasonOf } from './support.js'

const PAYLOAD = Buffer.from('payload')

function block(...entriesInHex: string[]): Buffer {
  const entries = Buffer.from(entriesInHex.join(''), 'hex')
  const length = Buffer.alloc(2)
  length.writeUInt16BE(entries.length)
  return Buffer.concat([length, entries, PAYLOAD])
}

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const metadatas = fc.record(
  {
    softExpiry: u32,
    tagVersions: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    logicalName: fc.string({ unit: 'grapheme', maxLength: 100 }),
    loadCostMs: u32,
  },
  { requiredKeys: [] },
)

describe('the metadata block', () => {
  it('lies as docs/envelope.md says', () => {
    const metadata = {
      softExpiry: 1,
      tagVersions: Buffer.from('ab'),
      logicalName: 'ä',
      loadCostMs: 0xffff_ffff,
    }
    expect(writeMetadata(metadata).toString('hex')).to.equal(
      ['0018', '01000400000001', '0200026162', '030002c3a4', '040004ffffffff'].join(''),
    )
    expect(writeMetadata({}).toString('hex')).to.equal('0000')
  })

  it('gives back what it was given, and the payload after it', () => {
    fc.assert(
      fc.property(metadatas, fc.uint8Array({ maxLength: 50 }), (metadata, payload) => {
        const read = readMetadata(Buffer.concat([writeMetadata(metadata), payload]))
        expect(read.metadata).to.deep.equal(metadata)
        expect(read.payload.equals(payload)).to.equal(true)
      }),
    )
  })

  it('skips unknown types below 128', () => {
    const { metadata, payload } = readMetadata(block('000000', '04000400000007', '050001ff', '7f0000'))
    expect(metadata).to.deep.equal({ loadCostMs: 7 })
    expect(payload.equals(PAYLOAD)).to.equal(true)
  })

  const REFUSED: Readonly<Record<string, Buffer>> = {
    nothing: Buffer.alloc(0),
    'half a length': Buffer.from('00', 'hex'),
    'a length beyond the end': Buffer.from('0001', 'hex'),
    'an entry without a length': block('0100'),
    'an entry that reaches into the payload': block('020003ab'),
    'an unknown entry that reaches into the payload': block('050002ab'),
    'an entry beyond the block': block('01000400000001', '0400050000'),
    'a byte left over': block('01000400000001', '04'),
    'an unknown critical type': block('800000'),
    'types in descending order': block('04000400000001', '01000400000001'),
    'a known type twice': block('01000400000001', '01000400000001'),
    'an unknown type twice': block('050000', '050000'),
    'a number of three bytes': block('010003000001'),
    'a number of five bytes': block('0400050000000001'),
    'a name that is no UTF-8': block('030002c328'),
    'a name with a surrogate in UTF-8': block('030003eda080'),
  }
  for (const [what, bytes] of Object.entries(REFUSED)) {
    it(`refuses ${what}`, () => {
      expect(reasonOf(() => readMetadata(bytes))).to.equal('format')
    })
  }

  it('opens or refuses any bytes, and nothing worse', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) =>
        ['opened', 'format'].includes(reasonOf(() => readMetadata(Buffer.concat([Buffer.from([0]), bytes])))),
      ),
      { numRuns: 2000 },
    )
  })

  it('is not written from what does not fit', () => {
    const wrong: Metadata[] = [
      { softExpiry: -1 },
      { softExpiry: 2 ** 32 },
      { loadCostMs: 0.5 },
      { loadCostMs: Number.NaN },
      { logicalName: 'a\ud800' },
      { tagVersions: Buffer.alloc(65_536) },
      { tagVersions: Buffer.alloc(40_000), logicalName: 'x'.repeat(30_000) },
    ]
    for (const metadata of wrong) {
      expect(errorOf(() => writeMetadata(metadata)).code).to.equal('ERR_CACHE_SEAL')
    }
  })
})
