import { expect } from 'chai'
import { describe, it } from 'mocha'
import { RepeatedEvents } from '../../../lib/cache/repeated-events.js'
import { SecurityEvents, type SecurityEvent } from '../../../lib/events.js'
import { until } from '../../support/until.js'

function listen(intervalMs: number): { repeated: RepeatedEvents; heard: SecurityEvent[] } {
  const events = new SecurityEvents()
  const heard: SecurityEvent[] = []
  events.onAny((event) => heard.push(event))
  return { repeated: new RepeatedEvents(events, intervalMs), heard }
}

const tag = { reason: 'tag', operation: 'get' } as const
const format = { reason: 'format', operation: 'has' } as const

describe('repeated events', () => {
  it('lets the first of a series out at once, without a count', () => {
    const { repeated, heard } = listen(60_000)
    repeated.emit('decrypt.failure', 'tag', tag)
    expect(heard).to.have.length(1)
    expect(heard[0]).to.include({ type: 'decrypt.failure', reason: 'tag' }).and.not.to.have.property('count')
    repeated.close()
  })

  it('counts the rest and lets them out together, so that nothing is lost', async () => {
    const { repeated, heard } = listen(10)
    for (let index = 0; index < 1000; index += 1) repeated.emit('decrypt.failure', 'tag', tag)
    expect(heard).to.have.length(1)
    await until('the rest came', () => heard.length === 2)
    expect(heard[1]).to.include({ reason: 'tag', count: 999 })
    repeated.close()
    expect(heard).to.have.length(2)
  })

  it('keeps series apart', () => {
    const { repeated, heard } = listen(60_000)
    repeated.emit('decrypt.failure', 'tag', tag)
    repeated.emit('decrypt.failure', 'format', format)
    repeated.emit('encrypt.failure', 'tag', { errorCode: 'ERR_CACHE_SEAL', operation: 'set' })
    expect(heard.map(({ type }) => type)).to.deep.equal([
      'decrypt.failure',
      'decrypt.failure',
      'encrypt.failure',
    ])
    repeated.close()
  })

  it('begins a new series once one has been quiet', async () => {
    const { repeated, heard } = listen(5)
    repeated.emit('decrypt.failure', 'tag', tag)
    await until('a later failure is a first one again', () => {
      repeated.emit('decrypt.failure', 'tag', tag)
      return heard.filter((event) => !('count' in event)).length > 1
    })
    repeated.close()
  })

  it('lets out what it holds when it is closed', () => {
    const { repeated, heard } = listen(60_000)
    for (let index = 0; index < 3; index += 1) repeated.emit('clock.skew', '', { seconds: 100 + index })
    repeated.close()
    expect(heard[1]).to.include({ type: 'clock.skew', seconds: 102, count: 2 })
  })
})
