import { expect } from 'chai'
import { afterEach, describe, it } from 'mocha'

import { RedisError } from '../../../lib/errors.js'
import { CannotSee, Observer } from '../../../lib/monitor/observer.js'
import type { Looks, ObserverOptions } from '../../../lib/monitor/observer.js'
import { until } from '../../support/until.js'

describe('an observer', () => {
  const observers: Observer[] = []
  afterEach(() => {
    for (const observer of observers.splice(0)) observer.stop()
  })

  function observe(looks: Looks, options: Partial<ObserverOptions> = {}): Observer {
    const observer = new Observer({ looks, intervalMs: 60_000, now: () => 1000, ...options })
    observers.push(observer)
    return observer
  }

  it('keeps what each look saw, and when', async () => {
    const observer = observe({ anonymous: () => Promise.resolve('login_required') })
    expect(observer.observations).to.deep.equal({})
    await observer.look()
    expect(observer.observations).to.deep.equal({ anonymous: { at: 1000, seen: 'login_required' } })
  })

  it('says why a look saw nothing, in our own words alone, and goes on with the others', async () => {
    const observer = observe({
      anonymous: () => Promise.reject(new RedisError('ERR_REDIS_REFUSED', 'start Redis', 'CONNECT')),
      selfTest: () => Promise.reject(new CannotSee('no way to see', 'do this')),
      network: () => Promise.reject(new Error('getaddrinfo ENOTFOUND secret.internal')),
      access: () => Promise.resolve({ missing: [], excessive: [], tried: 1 }),
    })
    await observer.look()
    expect(observer.observations).to.deep.equal({
      anonymous: { at: 1000, problem: 'could not be seen (ERR_REDIS_REFUSED)', remedy: 'start Redis' },
      selfTest: { at: 1000, problem: 'no way to see', remedy: 'do this' },
      network: { at: 1000, problem: 'could not be seen' },
      access: { at: 1000, seen: { missing: [], excessive: [], tried: 1 } },
    })
  })

  it('sees in a look what happened before it, also while a round is under way', async () => {
    let answer: 'login_required' | 'served' = 'login_required'
    const ends: (() => void)[] = []
    const observer = observe({
      anonymous: () => {
        const seen = answer
        return new Promise((resolve) => {
          ends.push(() => {
            resolve(seen)
          })
        })
      },
    })
    const first = observer.look()
    await until('the first round is under way', () => ends.length === 1)
    answer = 'served'
    const second = observer.look()
    ends[0]?.()
    await first
    await until('the second round is under way', () => ends.length === 2)
    ends[1]?.()
    await second
    expect(observer.observations.anonymous).to.deep.equal({ at: 1000, seen: 'served' })
  })

  it('looks again and again until it is stopped', async () => {
    let rounds = 0
    const observer = observe({}, { intervalMs: 5, onRound: () => (rounds += 1) })
    observer.start()
    await until('three rounds', () => rounds >= 3)
    observer.stop()
    await observer.firstRound
    const stopped = rounds
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(rounds).to.equal(stopped)
  })

  it('looks soon after something happened, once however much happens', async () => {
    let rounds = 0
    const observer = observe({}, { intervalMs: 600, onRound: () => (rounds += 1) })
    observer.start()
    await until('the first round', () => rounds === 1)
    for (let event = 0; event < 100; event += 1) observer.lookSoon()
    await until('the second round', () => rounds === 2)
    expect(rounds).to.equal(2)
  })

  it('gives up a look that takes too long', async () => {
    const observer = observe({ anonymous: () => new Promise(() => undefined) }, { lookTimeoutMs: 20 })
    await observer.look()
    expect(observer.observations.anonymous).to.deep.equal({ at: 1000, problem: 'took too long' })
  })
})
