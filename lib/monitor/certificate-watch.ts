import type { SecurityEvents } from '../events.js'
import { EXPIRY_WARNING_DAYS } from './checks/network-checks.js'

const DAY_MS = 24 * 60 * 60_000

/** Tells once a day that the server's certificate ends soon, as long as it does. */
export class CertificateWatch {
  readonly #events: SecurityEvents
  #toldAt = Number.NEGATIVE_INFINITY
  #toldOf = 0

  constructor(events: SecurityEvents) {
    this.#events = events
  }

  look(expiresAt: Date | undefined, now: number): void {
    if (expiresAt === undefined) return
    const daysLeft = Math.floor((expiresAt.getTime() - now) / DAY_MS)
    if (daysLeft >= EXPIRY_WARNING_DAYS) return
    const toldToday = now - this.#toldAt < DAY_MS && this.#toldOf === expiresAt.getTime()
    if (toldToday) return
    this.#toldAt = now
    this.#toldOf = expiresAt.getTime()
    this.#events.emit('tls.expiring', { expiresAt: expiresAt.toISOString(), daysLeft })
  }
}
