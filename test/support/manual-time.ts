import type { Schedule } from '../../lib/monitor/alert-stream.js'

/** A clock whose timers fire when the test says so. */
export class ManualTime {
  #now = Date.parse('2026-01-31T12:00:30Z')
  #timers: { readonly at: number; readonly run: () => void }[] = []

  readonly now = (): number => this.#now

  readonly after: Schedule = (ms, run) => {
    const timer = { at: this.#now + ms, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Lets time pass; what is due on the way runs in its order. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).toSorted((one, other) => one.at - other.at)
      if (next === undefined) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.#now = next.at
      next.run()
    }
    this.#now = end
  }
}
