import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import type { Redis } from 'ioredis'
import { after, before, beforeEach, describe, it } from 'mocha'
import { Envelope } from '../../../lib/crypto/envelope.js'
import { KeyRing } from '../../../lib/crypto/key-ring.js'
import { SecurityEvents } from '../../../lib/events.js'
import {
  openValues,
  sealValues,
  settleValues,
  type ValueWorkOptions,
} from '../../../lib/migration/value-work.js'
import { openConnection } from '../../../lib/redis/connection.js'
import { Secret } from '../../../lib/settings/secret.js'
import { startRedis, type RunningRedis } from '../../support/redis-server.js'

const HOUR_MS = 3_600_000

describe('the work on values of an earlier application @once', () => {
  const key = new Secret(randomBytes(32).toString('hex'))
  const keyRing = KeyRing.create({ enabled: true, key, acceptedKeys: [] })
  const envelope = new Envelope({ keyRing })
  let server: RunningRedis
  let admin: Redis
  let options: ValueWorkOptions

  before(async () => {
    server = await startRedis({ transport: 'plain', access: 'none', keyPrefix: 'app:' })
    admin = server.admin()
    options = {
      connect: () =>
        openConnection({
          settings: server.settings,
          events: new SecurityEvents(),
          purpose: 'values',
          timeoutMs: 5000,
          bounds: 'gate',
        }),
      keyPrefix: 'app:',
      earlierPrefixes: ['app:', 'enc:'],
      keyRing,
    }
  })
  after(() => server.stop())
  beforeEach(() => admin.flushall())

  /** As the application writes it: nothing in it says where anything lay before. */
  const seal = (namespace: string, name: string, value: unknown): Buffer =>
    envelope
      .namespace('app:', namespace)
      .seal(name, Buffer.from(JSON.stringify(value)), { codec: 'json', lifetimeSeconds: 0 })
  const open = async (name: string, namespace = ''): Promise<unknown> => {
    const sealed = (await admin.getBuffer(`app:${namespace}:${name}`)) ?? Buffer.alloc(0)
    return JSON.parse(envelope.namespace('app:', namespace).open(name, sealed).payload.toString()) as unknown
  }
  const names = async (): Promise<readonly string[]> => (await admin.keys('*')).toSorted()

  it('counts what it leaves: what is no JSON, what would be too large, what has a name of nobody', async () => {
    const plain = { ...options, earlierPrefixes: ['enc:'], maxBytes: 200 }
    const large = JSON.stringify('x'.repeat(150))
    await admin.mset({ 'app::a': '1', 'app::token': 'gAAAAAB', 'app::large': large, 'app:odd': '2' })
    await admin.set(Buffer.from([0x61, 0x70, 0x70, 0x3a, 0xff]), '3')
    await admin.mset({ 'enc:b': '4', 'enc:token': 'gAAAAAB', 'enc:wide': large, 'app:@lock:x': 'held' })
    expect(await sealValues(plain)).to.deep.equal({ changed: 2, left: 4, foreign: 2, collisions: 0 })
    expect(await admin.get('app::large')).to.equal(large)
    expect(await admin.get('enc:wide')).to.equal(large)
  })

  it('moves them to their own names and back to where they were, time to live kept', async () => {
    await admin.mset({ 'enc:a': '1', 'app:user:1': '"u"', 'app::own': '[3]', 'app:ns:4': seal('ns', '4', 4) })
    await admin.set('enc:timed', '2', 'PX', HOUR_MS)
    const start = await names()
    expect(await sealValues(options)).to.deep.equal({ changed: 4, left: 0, foreign: 0, collisions: 0 })
    expect(await names()).to.deep.equal(['app::a', 'app::own', 'app::timed', 'app::user:1', 'app:ns:4'])
    expect(await Promise.all([open('a'), open('user:1'), open('own'), open('4', 'ns')])).to.deep.equal([
      1,
      'u',
      [3],
      4,
    ])
    expect(await admin.pttl('app::timed')).to.be.within(HOUR_MS - 60_000, HOUR_MS)
    expect((await openValues(options)).changed).to.equal(5)
    expect(await names()).to.deep.equal(start)
    expect(await admin.mget('enc:a', 'app:user:1', 'app::own', 'app:ns:4')).to.deep.equal([
      '1',
      '"u"',
      '[3]',
      '4',
    ])
    expect(await admin.pttl('enc:timed')).to.be.within(HOUR_MS - 60_000, HOUR_MS)
  })

  it('lets the sealed value stand where there are two, and says so; foreign ones it leaves', async () => {
    await admin.mset({ 'enc:b': '"older"', 'app::b': seal('', 'b', 'newer'), 'app:d': '1', 'enc:d': '2' })
    await admin.set('enc:text', 'no JSON')
    await admin.rpush('enc:list', 'x')
    expect(await sealValues(options)).to.include({ changed: 1, collisions: 2 })
    expect([await open('b'), await open('d')]).to.deep.equal(['newer', 1])
    expect(await names()).to.deep.equal(['app::b', 'app::d', 'enc:b', 'enc:d', 'enc:list', 'enc:text'])
  })

  it('drops what the application has marked as over, there and before the way back', async () => {
    for (const work of [sealValues, settleValues]) {
      await admin.mset({
        'enc:c': '"over"',
        'app:@legacy:c': seal('@legacy', 'c', ''),
        'app:@lock:x': 'token',
      })
      await work(options)
      expect(await names()).to.deep.equal(['app:@lock:x'])
    }
    await admin.mset({
      'enc:token': 'gAAAAA',
      'app:token': '1',
      'app:@legacy:token': seal('@legacy', 'token', ''),
    })
    await sealValues(options)
    expect(await names(), 'what is not removed is still hidden').to.deep.equal([
      'app:@legacy:token',
      'app:@lock:x',
      'enc:token',
    ])
  })

  it('drops the plain copy of what the cache itself has moved, while it still is the same', async () => {
    const moved = (name: string, value: string): Buffer =>
      envelope.namespace('app:', '').seal(name, Buffer.from(value), {
        codec: 'json',
        lifetimeSeconds: 0,
        metadata: { origin: `enc:${name}` },
      })
    await admin.mset({
      'enc:e': '"e"',
      'app::e': moved('e', '"e"'),
      'enc:f': '"later"',
      'app::f': moved('f', '"f"'),
    })
    expect(await sealValues(options)).to.include({ changed: 1, collisions: 1 })
    expect(await names()).to.deep.equal(['app::e', 'app::f', 'enc:f'])
    await openValues(options)
    expect(await admin.mget('enc:e', 'enc:f')).to.deep.equal(['"e"', '"later"'])
    expect(await names()).to.deep.equal(['enc:e', 'enc:f'])
  })

  it('gives what was written meanwhile to the first prefix, and never overwrites anything on the way back', async () => {
    await admin.mset({ 'enc:taken': '1', 'enc:plain': '2', 'enc:g': '3' })
    await sealValues(options)
    await admin.rpush('enc:taken', 'of somebody else')
    await admin.mset({
      'enc:plain': '"newer"',
      'app::g': seal('', 'g', 'overwritten'),
      'app::h': seal('', 'h', 'new'),
    })
    await admin.mset({ 'app:ns:1': seal('ns', '1', 'ns'), 'app::ns:1': seal('', 'ns:1', 'root') })
    await admin.set('app:@legacy:h', seal('@legacy', 'h', ''))
    await openValues(options)
    expect(await names()).to.deep.equal([
      'app::ns:1',
      'app::taken',
      'app:g',
      'app:h',
      'app:ns:1',
      'enc:plain',
      'enc:taken',
    ])
    expect(
      await admin.mget('app::taken', 'enc:plain', 'app:g', 'app:h', 'app:ns:1', 'app::ns:1'),
    ).to.deep.equal(['1', '"newer"', '"overwritten"', '"new"', '"ns"', '"root"'])
  })

  it('leaves what does not open, and needs neither the setting nor earlier names', async () => {
    const foreign = Buffer.from(seal('', 'other', 1))
    await admin.mset({ 'app::i': foreign, 'app:j:1': '1', 'enc:k': '2' })
    const { earlierPrefixes: _prefixes, ...without } = options
    expect(await sealValues(without)).to.deep.equal({ changed: 1, left: 0, foreign: 0, collisions: 0 })
    expect(await names()).to.deep.equal(['app::i', 'app:j:1', 'enc:k'])
    await openValues(options)
    expect(await admin.getBuffer('app::i')).to.deep.equal(foreign)
    expect(await admin.mget('app:j:1', 'enc:k')).to.deep.equal(['1', '2'])
  })
})
