import { expect } from 'chai'
import { describe, it } from 'mocha'
import { OpenReports, TAG_FAILURES_IN_A_ROW } from '../../../lib/cache/open-reports.js'
import { RepeatedEvents } from '../../../lib/cache/repeated-events.js'
import { SecurityEvents } from '../../../lib/events.js'
import { Measurements } from '../../../lib/measurements.js'

function reports(): {
  reports: OpenReports
  measurements: Measurements
  doubts: () => number
  pass: (ms: number) => void
} {
  const measurements = new Measurements()
  let doubts = 0
  let time = 0
  return {
    reports: new OpenReports({
      measurements,
      repeated: new RepeatedEvents(new SecurityEvents()),
      onDoubt: () => {
        doubts += 1
      },
      now: () => time,
    }),
    measurements,
    doubts: () => doubts,
    pass: (ms) => {
      time += ms
    },
  }
}

function failMany(subject: OpenReports, times: number, reason: 'tag' | 'unknown_key' = 'tag'): void {
  for (let index = 0; index < times; index += 1) {
    subject.failed({ reason, operation: 'get', key: `key:${index}` })
  }
}

describe('reports about values that do not open', () => {
  it('doubt the connection after many tag failures in a row', () => {
    const { reports: subject, doubts } = reports()
    failMany(subject, TAG_FAILURES_IN_A_ROW - 1)
    expect(doubts()).to.equal(0)
    failMany(subject, 1)
    expect(doubts()).to.equal(1)
  })

  it('do not where values open between them', () => {
    const { reports: subject, doubts } = reports()
    for (let round = 0; round < 10; round += 1) {
      failMany(subject, TAG_FAILURES_IN_A_ROW - 1)
      subject.opened(0)
    }
    expect(doubts()).to.equal(0)
  })

  it('do not for one tampered value, however often it is read', () => {
    const { reports: subject, doubts } = reports()
    for (let round = 0; round < 100; round += 1) {
      subject.failed({ reason: 'tag', operation: 'get', key: 'popular' })
    }
    expect(doubts()).to.equal(0)
  })

  it('do not for unknown keys: a rolling deployment may still hold them', () => {
    const { reports: subject, doubts } = reports()
    failMany(subject, 100, 'unknown_key')
    expect(doubts()).to.equal(0)
  })

  it('doubt at most once a second, also where somebody tampers with everything', () => {
    const { reports: subject, doubts, pass } = reports()
    failMany(subject, 1000)
    expect(doubts()).to.equal(1)
    pass(1000)
    failMany(subject, 1000)
    expect(doubts()).to.equal(2)
  })

  it('count each by its reason', () => {
    const { reports: subject, measurements } = reports()
    failMany(subject, 3)
    failMany(subject, 2, 'unknown_key')
    expect(measurements.snapshot().openFailures).to.include({ tag: 3, unknown_key: 2 })
  })
})
