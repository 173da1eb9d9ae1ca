import { expect } from 'chai'
import { beforeEach, describe, it } from 'mocha'
import { CacheError } from '../../../lib/errors.js'
import { ReadBatches } from '../../../lib/redis/read-batches.js'
import type { ValueSink } from '../../../lib/redis/read-operations.js'
import type { Sendable } from '../../../lib/redis/send-window.js'
import { SizeEstimates } from '../../../lib/redis/size-estimates.js'

const MIB = 1024 * 1024

class Sink implements ValueSink {
  settled = false
  readonly values: (Buffer | undefined)[] = []
  error: CacheError | undefined

  received(index: number, value: Buffer | undefined): void {
    this.values[index] = value
  }

  fail(error: CacheError): void {
    this.error = error
  }
}

describe('ReadBatches', () => {
  let offered: Sendable[]
  let estimates: SizeEstimates
  let batches: ReadBatches
  let unexpected: number
  let isBusy: boolean

  beforeEach(() => {
    offered = []
    unexpected = 0
    isBusy = false
    estimates = new SizeEstimates('p:')
    batches = new ReadBatches({
      estimates,
      desk: {
        mapped: (error) =>
          error instanceof CacheError ? error : new CacheError('ERR_REDIS_NOPERM', 'the user lacks a right'),
        unexpected: () => {
          unexpected += 1
          return new CacheError('ERR_REDIS_PROTOCOL', 'not mine')
        },
      },
      groupOf: (key) => Number(/:slot(\d+)/.exec(key)?.[1] ?? 0),
      offer: (batch) => {
        offered.push(batch)
        isBusy = true
      },
      isBusy: () => isBusy,
    })
  })

  const add = (count: number, namespace = 'n') => {
    const sink = new Sink()
    for (let index = 0; index < count; index += 1) batches.add(`p:${namespace}:${index}`, sink, index)
    return sink
  }
  const ended = () => new Promise<void>((resolve) => process.nextTick(resolve))

  it('sends keys of different slots in commands of their own', async () => {
    const sink = new Sink()
    for (const [index, key] of ['p:slot1', 'p:slot2', 'p:slot1:b'].entries()) batches.add(key, sink, index)
    await ended()
    expect(offered.map(({ name, parts }) => [name, ...parts])).to.deep.equal([
      ['mget', 'p:slot1', 'p:slot1:b'],
      ['get', 'p:slot2'],
    ])
  })

  it('sends one key as GET and the keys of a tick as MGET', async () => {
    add(1)
    await ended()
    isBusy = false
    add(2)
    await ended()
    expect(offered.map(({ name, parts }) => [name, ...parts])).to.deep.equal([
      ['get', 'p:n:0'],
      ['mget', 'p:n:0', 'p:n:1'],
    ])
  })

  it('joins the reads of several ticks while earlier ones are on their way, and sends what is full at once', async () => {
    isBusy = true
    estimates.saw('p:n:x', 100)
    add(1)
    await ended()
    add(1)
    await ended()
    expect(offered).to.deep.equal([])
    await new Promise(setImmediate)
    expect(offered.map(({ name }) => name)).to.deep.equal(['mget'])
    add(40)
    expect(offered.map(({ parts }) => parts.length)).to.deep.equal([2, 32])
    await new Promise(setImmediate)
    expect(offered.map(({ parts }) => parts.length)).to.deep.equal([2, 32, 8])
  })

  it('cuts at 32 keys, and at about 4 MiB of values as large as those seen before', async () => {
    estimates.saw('p:small:x', 100)
    isBusy = true
    add(100, 'small')
    await new Promise(setImmediate)
    expect(offered.map(({ parts }) => parts.length)).to.deep.equal([32, 32, 32, 4])
    offered.length = 0
    estimates.saw('p:large:x', MIB)
    add(9, 'large')
    await new Promise(setImmediate)
    expect(offered.map(({ parts, cost }) => [parts.length, cost / MIB])).to.deep.equal([
      [4, 4],
      [4, 4],
      [1, 1],
    ])
  })

  it('lets eight go first while nothing is on its way, so that the server works while the others are gathered', async () => {
    estimates.saw('p:n:x', 100)
    const sink = add(16)
    expect(offered.map(({ parts, operations }) => [parts.length, operations])).to.deep.equal([[8, 8]])
    await ended()
    expect(offered.map(({ parts }) => parts.length)).to.deep.equal([8, 8])
    for (const [half, batch] of offered.entries()) {
      batch.replied(Array.from({ length: 8 }, (_, index) => Buffer.from(`${half * 8 + index}`)))
    }
    expect(sink.values.map(String)).to.deep.equal(Array.from({ length: 16 }, (_, index) => `${index}`))
  })

  it('is careful with a namespace that it does not know, and learns from replies', async () => {
    isBusy = true
    add(32)
    await new Promise(setImmediate)
    expect(offered.map(({ parts }) => parts.length)).to.deep.equal([16, 16])
    offered[0]?.replied(Array.from({ length: 16 }, () => Buffer.alloc(10)))
    offered.length = 0
    add(32)
    await new Promise(setImmediate)
    expect(offered.map(({ parts }) => parts.length)).to.deep.equal([32])
  })

  it('gives each value to whoever asked for it', async () => {
    const [first, second] = [add(2), add(1)]
    await ended()
    offered[0]?.replied([Buffer.from('a'), null, Buffer.from('c')])
    expect(first?.values).to.deep.equal([Buffer.from('a'), undefined])
    expect(second?.values).to.deep.equal([Buffer.from('c')])
  })

  for (const [what, reply] of [
    ['a single value', Buffer.from('x')],
    ['an OK', 'OK'],
    ['too few values', [null]],
    ['too many values', [null, null, null]],
    ['numbers', [1, 2]],
    ['an error among the values', [null, new Error('x')]],
  ] as const) {
    it(`takes ${what} for the reply of another command`, async () => {
      const sink = add(2)
      await ended()
      offered[0]?.replied(reply)
      expect([unexpected, sink.error?.code, sink.values.length]).to.deep.equal([1, 'ERR_REDIS_PROTOCOL', 0])
    })
  }

  it('asks for each key by itself where one of them may not be read', async () => {
    const sink = add(3)
    await ended()
    offered[0]?.failed(new Error('NOPERM'))
    expect(offered.slice(1).map(({ name, parts }) => [name, ...parts])).to.deep.equal([
      ['get', 'p:n:0'],
      ['get', 'p:n:1'],
      ['get', 'p:n:2'],
    ])
    expect(sink.error).to.equal(undefined)
    offered[1]?.failed(new Error('NOPERM'))
    expect(sink.error?.code).to.equal('ERR_REDIS_NOPERM')
  })

  it('fails all of them for any other reason, and is settled when nobody waits', async () => {
    const sink = add(3)
    await ended()
    offered[0]?.failed(new CacheError('ERR_REDIS_RESET', 'away'))
    expect(sink.error?.code).to.equal('ERR_REDIS_RESET')
    expect(offered[0]?.settled).to.equal(false)
    sink.settled = true
    expect(offered[0]?.settled).to.equal(true)
  })
})

describe('SizeEstimates', () => {
  it('rises fast and falls slowly, for each namespace by itself', () => {
    const estimates = new SizeEstimates('p:')
    estimates.saw('p:a:1', 1000)
    estimates.saw('p:b:1', 10)
    estimates.saw('p:a:2', 3000)
    expect(estimates.of('p:a:3')).to.equal(2000)
    estimates.saw('p:a:2', 400)
    expect(estimates.of('p:a:3')).to.equal(1900)
    expect(estimates.of('p:b:2')).to.equal(10)
    estimates.saw('p::root', 7)
    expect(estimates.of('p::other')).to.equal(7)
  })
})
