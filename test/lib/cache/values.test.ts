import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'mocha'
import { OpenReports } from '../../../lib/cache/open-reports.js'
import { RepeatedEvents } from '../../../lib/cache/repeated-events.js'
import { Values } from '../../../lib/cache/values.js'
import { encode } from '../../../lib/crypto/codec.js'
import { Envelope, type SealedNamespace } from '../../../lib/crypto/envelope.js'
import { KeyRing } from '../../../lib/crypto/key-ring.js'
import { OpenError } from '../../../lib/errors.js'
import { SecurityEvents } from '../../../lib/events.js'
import { Measurements } from '../../../lib/measurements.js'
import { Secret } from '../../../lib/settings/secret.js'

function values(maxBytes: number): { values: Values; sealing: SealedNamespace; measurements: Measurements } {
  const measurements = new Measurements()
  const keyRing = KeyRing.create({
    enabled: true,
    key: new Secret(randomBytes(32).toString('hex')),
    acceptedKeys: [],
  })
  const sealing = new Envelope({ keyRing }).namespace('p:', '')
  const reports = new OpenReports({
    measurements,
    repeated: new RepeatedEvents(new SecurityEvents()),
    onDoubt: () => {},
    now: Date.now,
  })
  return {
    values: new Values({ sealing, olderFormat: undefined, reports, measurements, maxBytes, prefix: '' }),
    sealing,
    measurements,
  }
}

function reasonOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    return error instanceof OpenError ? error.reason : String(error)
  }
  return 'opened'
}

describe('values', () => {
  it('open as what they were', async () => {
    const { values: subject } = values(1000)
    const sealed = await subject.seal('key', encode({ a: [1] }), 0)
    expect(subject.read('key', sealed)).to.deep.equal({ a: [1] })
  })

  it('are refused before they are sealed where they would be too large, to the byte', async () => {
    const { values: subject } = values(1000)
    const largest = encode(Buffer.alloc(933))
    expect(() => {
      subject.checkSize(largest)
    }).not.to.throw()
    expect((await subject.seal('key', largest, 0)).length).to.equal(1000)
    expect(() => {
      subject.checkSize(encode(Buffer.alloc(934)))
    })
      .to.throw(/CACHE_MAX_VALUE_BYTES/)
      .with.property('code', 'ERR_CACHE_TOO_LARGE')
  })

  it('are refused before they are opened where they are too large', () => {
    const { values: subject, sealing } = values(1000)
    const sealed = sealing.seal('key', Buffer.alloc(934), { codec: 'bytes', lifetimeSeconds: 0 })
    expect(reasonOf(() => subject.read('key', sealed))).to.equal('too_large')
  })

  it('are refused where they are authentic and yet no JSON', () => {
    const { values: subject, sealing } = values(1000)
    for (const text of ['', '{', '\uFEFF1', 'undefined']) {
      const sealed = sealing.seal('key', Buffer.from(text), { codec: 'json', lifetimeSeconds: 0 })
      expect(reasonOf(() => subject.read('key', sealed))).to.equal('decode')
    }
    const malformed = sealing.seal('key', Buffer.from([0x22, 0xff, 0x22]), {
      codec: 'json',
      lifetimeSeconds: 0,
    })
    expect(reasonOf(() => subject.read('key', malformed))).to.equal('decode')
  })

  it('are counted, and one in 64 is timed', async () => {
    const { values: subject, measurements } = values(1000)
    for (let index = 0; index < 65; index += 1) {
      subject.read('key', await subject.seal('key', encode(index), 0))
    }
    const { crypto } = measurements.snapshot()
    expect(crypto.values).to.deep.equal({ seal: 65, open: 65 })
    expect(crypto.durations.map(({ op, count }) => [op, count])).to.deep.equal([
      ['seal', 2],
      ['open', 2],
    ])
  })
})
