import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { Resealing, type ResealingPlace } from '../../../lib/cache/resealing.js'
import { Envelope } from '../../../lib/crypto/envelope.js'
import { KeyRing } from '../../../lib/crypto/key-ring.js'
import { Secret } from '../../../lib/settings/secret.js'
import type { HeldBytes, Store } from '../../../lib/store.js'

const NOW = Date.UTC(2030, 0, 1)
const SECONDS = NOW / 1000
const newKey = (): Secret => new Secret(randomBytes(32).toString('hex'))

describe('sealing anew on read', () => {
  const oldKey = newKey()
  const newest = newKey()
  const previous = KeyRing.create({ enabled: true, key: oldKey, acceptedKeys: [] })
  const ring = KeyRing.create({ enabled: true, key: newest, acceptedKeys: [oldKey] })
  const sealingOf = (keyRing: KeyRing) => new Envelope({ keyRing, now: () => NOW }).namespace('p:', '')
  const sealed = (issuedAt = SECONDS - 3600): Buffer =>
    sealingOf(previous).seal('k', Buffer.from('value'), { codec: 'bytes', lifetimeSeconds: 7200, issuedAt })
  const place: ResealingPlace = { key: 'k', sealing: sealingOf(ring), olderFormat: undefined, maxBytes: 1000 }

  function made(rewrite: Store['rewrite'], primaryId = () => ring.primaryId) {
    let now = NOW
    const resealing = new Resealing({ store: { rewrite }, primaryId, now: () => now })
    return { resealing, advance: (ms: number) => (now += ms) }
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  const wants = { keyId: previous.primaryId, issuedAt: SECONDS - 3600 }

  it('wants what lies under another key, where the store can and the key is there', () => {
    const { resealing } = made(async () => true)
    expect(resealing.wants(wants)).to.equal(true)
    expect(resealing.wants({ keyId: '', issuedAt: 0 }), 'an older format').to.equal(true)
    expect(resealing.wants({ keyId: ring.primaryId, issuedAt: 0 })).to.equal(false)
    expect(made(undefined).resealing.wants(wants)).to.equal(false)
    expect(
      made(
        async () => true,
        () => '',
      ).resealing.wants(wants),
    ).to.equal(false)
  })

  it('does not, while somebody still seals under that key', () => {
    const { resealing, advance } = made(async () => true)
    expect(resealing.wants({ ...wants, issuedAt: SECONDS - 10 })).to.equal(false)
    expect(resealing.wants(wants), 'an older value under the same key').to.equal(false)
    advance(600_000)
    expect(resealing.wants(wants)).to.equal(true)
  })

  it('keeps issue time and lifetime, and leaves what somebody has written anew or does not open', async () => {
    const results: (Uint8Array | undefined)[] = []
    let held: HeldBytes = { value: sealed(), ttlMs: null }
    const { resealing } = made(async (_key, change) => {
      results.push(change(held))
      return true
    })
    resealing.rewrite('p::k', place)
    await settled()
    const opened = sealingOf(ring).open('k', results[0] ?? Buffer.alloc(0))
    expect(opened).to.include({ keyId: ring.primaryId, issuedAt: SECONDS - 3600, lifetimeSeconds: 7200 })
    held = {
      value: sealingOf(ring).seal('k', Buffer.from('newer'), { codec: 'bytes', lifetimeSeconds: 0 }),
      ttlMs: 1,
    }
    resealing.rewrite('p::k', place)
    await settled()
    held = { value: Buffer.from('neither'), ttlMs: 1 }
    resealing.rewrite('p::k', place)
    await settled()
    held = { value: sealed(), ttlMs: 1 }
    resealing.rewrite('p::k', { ...place, maxBytes: 10 })
    await settled()
    expect(results.slice(1)).to.deep.equal([undefined, undefined, undefined])
  })

  it('has at most so many under way, one a key, and rests after a failure', async () => {
    let calls = 0
    let fail: (() => void)[] = []
    const { resealing, advance } = made(
      () =>
        new Promise((_resolve, reject) => {
          calls += 1
          fail.push(() => reject(new Error('away')))
        }),
    )
    for (let n = 0; n < 100; n += 1) {
      resealing.rewrite(`p::${n}`, place)
      resealing.rewrite(`p::${n}`, place)
    }
    expect(calls).to.equal(64)
    for (const one of fail) one()
    await settled()
    fail = []
    resealing.rewrite('p::1', place)
    expect(calls).to.equal(64)
    advance(60_000)
    resealing.rewrite('p::1', place)
    expect(calls).to.equal(65)
  })
})
