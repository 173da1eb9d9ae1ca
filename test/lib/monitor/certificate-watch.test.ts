import { expect } from 'chai'
import { describe, it } from 'mocha'

import { SecurityEvents } from '../../../lib/events.js'
import type { SecurityEvent } from '../../../lib/events.js'
import { CertificateWatch } from '../../../lib/monitor/certificate-watch.js'

const NOW = Date.parse('2026-01-31T12:00:00Z')
const DAY = 24 * 60 * 60_000

describe('the watch over a certificate', () => {
  function setUp() {
    const events = new SecurityEvents()
    const told: SecurityEvent<'tls.expiring'>[] = []
    events.on('tls.expiring', (event) => told.push(event))
    return { watch: new CertificateWatch(events), told }
  }

  it('says nothing while there are thirty days left, or nothing is known', () => {
    const { watch, told } = setUp()
    watch.look(undefined, NOW)
    watch.look(new Date(NOW + 30 * DAY), NOW)
    expect(told).to.deep.equal([])
  })

  it('tells once a day that the end is near', () => {
    const { watch, told } = setUp()
    const end = new Date(NOW + 30 * DAY - 1)
    for (const later of [0, 1000, DAY - 1, DAY, DAY + 30_000]) watch.look(end, NOW + later)
    expect(told.map(({ daysLeft }) => daysLeft)).to.deep.equal([29, 28])
    expect(told[0]?.expiresAt).to.equal(end.toISOString())
  })

  it('tells at once of another certificate that ends soon, and is quiet about one that does not', () => {
    const { watch, told } = setUp()
    watch.look(new Date(NOW + 5 * DAY), NOW)
    watch.look(new Date(NOW + 300 * DAY), NOW + 1)
    watch.look(new Date(NOW + 6 * DAY), NOW + 2)
    expect(told).to.have.length(2)
  })
})
