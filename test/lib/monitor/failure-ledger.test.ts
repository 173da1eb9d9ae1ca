import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'

import { FailureLedger, parseLedger } from '../../../lib/monitor/failure-ledger.js'
import type { LedgerRecord } from '../../../lib/monitor/failure-ledger.js'

const NOW = Date.parse('2026-01-31T12:00:00Z')
const HOUR = 60 * 60_000

/** What is kept, through the bytes in which it is kept. */
function kept(ledger: FailureLedger, now: number): LedgerRecord {
  const record = parseLedger(Buffer.from(JSON.stringify(ledger.record(now))))
  if (record === undefined) throw new Error('nothing was kept')
  return record
}

describe('the ledger of failed logins', () => {
  it('counts the growth of the counter from its first reading on', () => {
    const ledger = new FailureLedger()
    expect(ledger.record(NOW)).to.equal(undefined)
    expect(ledger.read({ runId: 'a', counter: 40 }, NOW)).to.equal(0)
    expect(ledger.read({ runId: 'a', counter: 43 }, NOW + 1000)).to.equal(3)
    expect(ledger.seen(NOW + 1000)).to.deep.equal({
      lastDay: 3,
      lastHour: 3,
      since: NOW,
      lostAt: null,
      minutes: [[NOW, 3]],
    })
  })

  it('counts from zero where the server or the counter began anew, and says when that was', () => {
    const ledger = new FailureLedger()
    ledger.read({ runId: 'a', counter: 40 }, NOW)
    expect(ledger.read({ runId: 'b', counter: 41 }, NOW + 1)).to.equal(41)
    expect(ledger.read({ runId: 'b', counter: 2 }, NOW + 2)).to.equal(2)
    expect(ledger.seen(NOW + 2)).to.include({ lastDay: 43, lostAt: NOW + 2 })
    expect(ledger.seen(NOW + 25 * HOUR)).to.include({ lastDay: 0, lostAt: null })
  })

  it('says that it counts since a day ago at most', () => {
    const ledger = new FailureLedger()
    ledger.read({ runId: 'a', counter: 0 }, NOW)
    expect(ledger.seen(NOW + 30 * HOUR)).to.include({ since: NOW + 6 * HOUR })
  })

  it('continues from what reaches back further, and from nothing else', () => {
    const old = new FailureLedger()
    old.read({ runId: 'a', counter: 1 }, NOW)
    old.read({ runId: 'a', counter: 6 }, NOW + HOUR)
    const fresh = new FailureLedger()
    fresh.read({ runId: 'a', counter: 6 }, NOW + 2 * HOUR)

    expect(old.continueFrom(kept(fresh, NOW + 2 * HOUR), NOW + 2 * HOUR)).to.equal(false)
    expect(fresh.continueFrom(kept(old, NOW + 2 * HOUR), NOW + 2 * HOUR)).to.equal(true)
    fresh.read({ runId: 'a', counter: 8 }, NOW + 3 * HOUR)
    expect(fresh.seen(NOW + 3 * HOUR)).to.deep.equal({
      lastDay: 7,
      lastHour: 2,
      since: NOW,
      lostAt: null,
      minutes: [
        [NOW + HOUR, 5],
        [NOW + 3 * HOUR, 2],
      ],
    })
  })

  it('does not continue from what is older than a day', () => {
    const old = new FailureLedger()
    old.read({ runId: 'a', counter: 1 }, NOW)
    expect(new FailureLedger().continueFrom(kept(old, NOW), NOW + 25 * HOUR)).to.equal(false)
  })

  it('takes nothing for a record that is none', () => {
    for (const text of ['null', '[]', '{}', '{"version":2}', '7']) {
      expect(parseLedger(Buffer.from(text))).to.equal(undefined)
    }
  })

  it('stays exact with instances that come, go, overtake each other and share one record', () => {
    const step = fc.record({
      who: fc.nat(2),
      failures: fc.nat(4),
      restart: fc.boolean(),
      saves: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ledgers = [new FailureLedger(), new FailureLedger(), new FailureLedger()]
        let shared: LedgerRecord | undefined
        let [counter, total, now] = [5, 0, NOW]
        ledgers[0]?.read({ runId: 'a', counter }, now)
        if (ledgers[0] !== undefined) shared = kept(ledgers[0], now)
        for (const { who, failures, restart, saves } of steps) {
          now += 1000
          counter += failures
          total += failures
          if (restart) ledgers[who] = new FailureLedger()
          const ledger = ledgers[who]
          if (ledger === undefined || shared === undefined) throw new Error('no ledger')
          ledger.continueFrom(shared, now)
          ledger.read({ runId: 'a', counter }, now)
          if (saves) shared = kept(ledger, now)
          expect(ledger.seen(now).lastDay).to.equal(total)
        }
      }),
    )
  })
})
