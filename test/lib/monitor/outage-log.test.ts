import { expect } from 'chai'
import { describe, it } from 'mocha'

import { OutageLog } from '../../../lib/monitor/outage-log.js'

const HOUR = 60 * 60_000
const NOW = Date.parse('2026-01-31T12:00:00Z')

describe('the log of outages', () => {
  it('keeps from when until when, and leaves the end open while it lasts', () => {
    const log = new OutageLog()
    log.begin(NOW)
    expect(log.last24Hours(NOW)).to.deep.equal([{ from: NOW }])
    log.end(NOW + HOUR, HOUR)
    expect(log.last24Hours(NOW + HOUR)).to.deep.equal([{ from: NOW, to: NOW + HOUR }])
  })

  it('takes an outage that is told twice for one', () => {
    const log = new OutageLog()
    log.begin(NOW)
    log.begin(NOW + 1000)
    log.end(NOW + 2000, 2000)
    expect(log.last24Hours(NOW + 2000)).to.deep.equal([{ from: NOW, to: NOW + 2000 }])
  })

  it('knows the begin of an outage that it did not see begin', () => {
    const log = new OutageLog()
    log.end(NOW, HOUR)
    expect(log.last24Hours(NOW)).to.deep.equal([{ from: NOW - HOUR, to: NOW }])
  })

  it('forgets what ended more than a day ago, and nothing that lasts', () => {
    const log = new OutageLog()
    log.begin(NOW - 30 * HOUR)
    log.end(NOW - 25 * HOUR, 5 * HOUR)
    log.begin(NOW - 25 * HOUR)
    expect(log.last24Hours(NOW)).to.deep.equal([{ from: NOW - 25 * HOUR }])
  })

  it('stays small under a connection that flaps', () => {
    const log = new OutageLog()
    for (let time = NOW; time < NOW + 500_000; time += 1000) {
      log.begin(time)
      log.end(time + 500, 500)
    }
    const kept = log.last24Hours(NOW + 500_000)
    expect(kept).to.have.length(200)
    expect(kept.at(-1)).to.deep.equal({ from: NOW + 499_000, to: NOW + 499_500 })
  })
})
