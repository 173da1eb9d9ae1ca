import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'

import { FailureLedger, parseLedger } from '../../../lib/monitor/failure-ledger.js'
import type { CounterReading, LedgerRecord } from '../../../lib/monitor/failure-ledger.js'

const NOW = Date.parse('2026-01-31T12:00:00Z')
const HOUR = 60 * 60_000

function reading(runId: string, counter: number, alongside: readonly number[] = []): CounterReading {
  return { runId, counter, alongside }
}

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
    expect(ledger.read(reading('a', 40), NOW)).to.equal(0)
    expect(ledger.read(reading('a', 43), NOW + 1000)).to.equal(3)
    expect(ledger.seen(NOW + 1000)).to.deep.equal({
      lastDay: 3,
      lastHour: 3,
      since: NOW,
      lost: [],
      minutes: [[NOW, 3]],
    })
  })

  it('counts from zero where the server or the counter began anew, and says from when until when', () => {
    const ledger = new FailureLedger()
    ledger.read(reading('a', 40), NOW)
    expect(ledger.read(reading('b', 41), NOW + 1)).to.equal(41)
    expect(ledger.read(reading('b', 2), NOW + 2)).to.equal(2)
    expect(ledger.seen(NOW + 2)).to.deep.include({
      lastDay: 43,
      lost: [
        [NOW, NOW + 1],
        [NOW + 1, NOW + 2],
      ],
    })
    expect(ledger.seen(NOW + 25 * HOUR)).to.deep.include({ lastDay: 0, lost: [] })
  })

  it('notices a reset after which the counter has passed its old height again', () => {
    const ledger = new FailureLedger()
    ledger.read(reading('a', 3, [500, 20]), NOW)
    expect(ledger.read(reading('a', 5, [40, 21]), NOW + 1)).to.equal(5)
    expect(ledger.seen(NOW + 1)).to.deep.include({ lastDay: 5, lost: [[NOW, NOW + 1]] })
  })

  it('tells of many restarts as of fewer, longer gaps', () => {
    const ledger = new FailureLedger()
    for (let start = 0; start < 100; start += 1) ledger.read(reading(`run-${String(start)}`, 0), NOW + start)
    const { lost = [] } = ledger.seen(NOW + 100)
    expect(lost).to.have.length(24)
    expect(lost[0]).to.deep.equal([NOW, NOW + 76])
    expect(lost.at(-1)).to.deep.equal([NOW + 98, NOW + 99])
  })

  it('says that it counts since a day ago at most', () => {
    const ledger = new FailureLedger()
    ledger.read(reading('a', 0), NOW)
    expect(ledger.seen(NOW + 30 * HOUR)).to.include({ since: NOW + 6 * HOUR })
  })

  it('continues from what reaches back further, and from nothing else', () => {
    const old = new FailureLedger()
    old.read(reading('a', 1), NOW)
    old.read(reading('a', 6), NOW + HOUR)
    const fresh = new FailureLedger()
    fresh.read(reading('a', 6), NOW + 2 * HOUR)

    expect(old.continueFrom(kept(fresh, NOW + 2 * HOUR), NOW + 2 * HOUR)).to.equal(false)
    expect(fresh.continueFrom(kept(old, NOW + 2 * HOUR), NOW + 2 * HOUR)).to.equal(true)
    fresh.read(reading('a', 8), NOW + 3 * HOUR)
    expect(fresh.seen(NOW + 3 * HOUR)).to.deep.equal({
      lastDay: 7,
      lastHour: 2,
      since: NOW,
      lost: [],
      minutes: [
        [NOW + HOUR, 5],
        [NOW + 3 * HOUR, 2],
      ],
    })
  })

  it('does not continue from what is older than a day', () => {
    const old = new FailureLedger()
    old.read(reading('a', 1), NOW)
    expect(new FailureLedger().continueFrom(kept(old, NOW), NOW + 25 * HOUR)).to.equal(false)
  })

  it('takes nothing for a record that is none', () => {
    for (const text of ['null', '[]', '{}', '{"version":1}', '7']) {
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
        ledgers[0]?.read(reading('a', counter), now)
        if (ledgers[0] !== undefined) shared = kept(ledgers[0], now)
        for (const { who, failures, restart, saves } of steps) {
          now += 1000
          counter += failures
          total += failures
          if (restart) ledgers[who] = new FailureLedger()
          const ledger = ledgers[who]
          if (ledger === undefined || shared === undefined) throw new Error('no ledger')
          ledger.continueFrom(shared, now)
          ledger.read(reading('a', counter), now)
          if (saves) shared = kept(ledger, now)
          expect(ledger.seen(now).lastDay).to.equal(total)
        }
      }),
    )
  })
})
