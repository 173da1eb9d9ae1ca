import { DAY_MS } from './sliding-count.js'

/** From when until when Redis was away, unix milliseconds. */
export interface Outage {
  readonly from: number
  /** Absent while it lasts. */
  readonly to?: number | undefined
}

/** A connection that flaps for a day must not make the memory grow: then the oldest are forgotten. */
const MOST_OUTAGES = 200

/** When Redis was away, for as long as a day back. */
export class OutageLog {
  #outages: readonly Outage[] = []

  begin(at: number): void {
    if (this.#open === undefined) this.#keep([...this.#outages, { from: at }])
  }

  /** The event of the end knows how long it was, so an outage that began unseen is complete all the same. */
  end(at: number, outageMs: number): void {
    const from = this.#open?.from ?? at - outageMs
    const before = this.#outages.filter(({ to }) => to !== undefined)
    this.#keep([...before, { from, to: at }])
  }

  last24Hours(now: number): readonly Outage[] {
    return this.#outages.filter(({ to }) => to === undefined || now - to <= DAY_MS)
  }

  get #open(): Outage | undefined {
    return this.#outages.find(({ to }) => to === undefined)
  }

  #keep(outages: readonly Outage[]): void {
    this.#outages = outages.slice(-MOST_OUTAGES)
  }
}
