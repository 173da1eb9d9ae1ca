import { expect } from 'chai'
import { describe, it } from 'mocha'
import { Outages } from '../../../lib/cache/outages.js'
import { CacheError } from '../../../lib/errors.js'
import { SecurityEvents } from '../../../lib/events.js'

const outOfMemory = new CacheError('ERR_REDIS_OOM', 'maxmemory is reached')

function outages(): { outages: Outages; heard: string[]; pass: (ms: number) => void } {
  const events = new SecurityEvents()
  const heard: string[] = []
  events.onAny((event) => {
    const detail =
      event.type === 'redis.unavailable' ? event.errorCode : 'outageMs' in event ? event.outageMs : ''
    heard.push(`${event.type} ${detail}`)
  })
  let time = 0
  return {
    outages: new Outages(events, () => time),
    heard,
    pass: (ms) => {
      time += ms
    },
  }
}

describe('outages of a reachable server', () => {
  it('are one event however many operations fail, and one when they work again', () => {
    const { outages: subject, heard, pass } = outages()
    for (let index = 0; index < 1000; index += 1) subject.failed('set', outOfMemory)
    pass(5000)
    subject.succeeded('set')
    subject.succeeded('set')
    expect(heard).to.deep.equal(['redis.unavailable ERR_REDIS_OOM', 'redis.recovered 5000'])
  })

  it('do not end by work of another kind: out of memory, reads go on', () => {
    const { outages: subject, heard, pass } = outages()
    subject.failed('set', outOfMemory)
    pass(5000)
    for (const op of ['get', 'delete', 'touch', 'clear'] as const) subject.succeeded(op)
    expect(heard).to.have.length(1)
    subject.succeeded('set_many')
    expect(heard).to.have.length(2)
  })

  it('do not end while some still fail', () => {
    const { outages: subject, heard, pass } = outages()
    for (let index = 0; index < 100; index += 1) {
      subject.failed('set', outOfMemory)
      pass(500)
      subject.succeeded('set')
    }
    expect(heard).to.have.length(1)
  })

  it('leave to the connection what the connection tells', () => {
    const { outages: subject, heard } = outages()
    for (const code of [
      'ERR_REDIS_REFUSED',
      'ERR_CACHE_TIMEOUT',
      'ERR_REDIS_NOPERM',
      'ERR_CACHE_CLOSED',
    ] as const) {
      subject.failed('get', new CacheError(code, 'x'))
    }
    expect(heard).to.deep.equal([])
  })
})
