import { expect } from 'chai'
import { describe, it } from 'mocha'
import { SingleFlight } from '../../../lib/cache/single-flight.js'
import { gate } from '../../support/gate.js'

describe('single flight', () => {
  it('lets callers join while the work is under way', async () => {
    const flights = new SingleFlight<number>()
    const { promise, open } = gate<number>()
    const flight = flights.start('a', () => promise)
    expect(flights.join('a')).to.equal(flight)
    expect(flights.join('a')).to.equal(flight)
    expect(flights.join('b')).to.equal(undefined)
    open(7)
    expect(await flight.landed).to.equal(7)
  })

  it('remembers nothing after the landing', async () => {
    const flights = new SingleFlight<number>()
    await flights.start('a', async () => 1).landed
    expect(flights.size).to.equal(0)
    expect(flights.join('a')).to.equal(undefined)
  })

  it('hands one error to all and forgets it', async () => {
    const flights = new SingleFlight<number>()
    const { promise, fail } = gate<number>()
    const flight = flights.start('a', () => promise)
    const outcomes = Promise.allSettled([flight.landed, flights.join('a')?.landed])
    const failure = new Error('loader')
    fail(failure)
    expect((await outcomes).map((outcome) => outcome.status === 'rejected' && outcome.reason)).to.deep.equal([
      failure,
      failure,
    ])
    expect(flights.size).to.equal(0)
  })

  it('starts anew once a flight was overtaken, and does not let the old one end the new one', async () => {
    const flights = new SingleFlight<string>()
    const first = gate<string>()
    const second = gate<string>()
    const old = flights.start('a', () => first.promise)
    flights.overtake('a')
    expect(old.overtaken).to.equal(true)
    expect(flights.join('a')).to.equal(undefined)
    const fresh = flights.start('a', () => second.promise)
    first.open('old')
    expect(await old.landed).to.equal('old')
    expect(flights.join('a')).to.equal(fresh)
    expect(fresh.overtaken).to.equal(false)
    second.open('new')
    expect(await fresh.landed).to.equal('new')
  })

  it('overtakes every flight below a prefix', () => {
    const flights = new SingleFlight<number>()
    const { promise } = gate<number>()
    const inside = flights.start('p:a:1', () => promise)
    const outside = flights.start('p:b:1', () => promise)
    flights.overtakeAll('p:a:')
    expect([inside.overtaken, outside.overtaken]).to.deep.equal([true, false])
  })

  it('is joined for half a minute: work that hangs does not take everybody with it', async () => {
    let time = 0
    const flights = new SingleFlight<string>(() => time)
    const hanging = flights.start('a', () => gate<string>().promise)
    time = 29_999
    expect(flights.join('a')).to.equal(hanging)
    time = 30_000
    expect(flights.join('a')).to.equal(undefined)
    expect(hanging.overtaken).to.equal(true)
    expect(await flights.start('a', async () => 'fresh').landed).to.equal('fresh')
    expect(flights.size).to.equal(0)
  })

  it('is known before its work begins', async () => {
    const flights = new SingleFlight<boolean>()
    const flight = flights.start('a', async () => flights.join('a') !== undefined)
    expect(await flight.landed).to.equal(true)
  })
})
