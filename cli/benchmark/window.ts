import { readFileSync } from 'node:fs'
import { quantile } from './statistics.js'

export interface Load {
  /** Callers, each of which asks again once it has its answer. */
  readonly concurrency: number
  readonly ms: number
}

/** What one short stretch of load came to. */
export interface Window {
  readonly operations: number
  readonly perSecond: number
  readonly p50Us: number
  readonly p99Us: number
  /** Microseconds of this process's processor time an operation. */
  readonly cpuUs: number
  /**
   * Share of the window in which this thread was ready to run and another program ran; 0 where nobody tells. What this
   * process's other threads worked is not counted: V8 collects garbage in them, which is ours.
   */
  readonly waitShare: number
}

/** Keeps so many callers busy for a while. Rejects with what the operation rejects with. */
export async function runWindow(
  operation: (index: number) => Promise<unknown>,
  { concurrency, ms }: Load,
): Promise<Window> {
  const times: number[] = []
  const scheduled = schedule('self')
  const cpu = process.cpuUsage()
  const started = performance.now()
  const end = started + ms
  const call = async (first: number): Promise<void> => {
    let before = performance.now()
    for (let index = first; before < end; index += concurrency) {
      await operation(index)
      const now = performance.now()
      times.push(now - before)
      before = now
    }
  }
  await Promise.all(Array.from({ length: concurrency }, (_, caller) => call(caller)))
  const took = performance.now() - started
  const used = process.cpuUsage(cpu)
  const sorted = Float64Array.from(times).toSorted()
  return {
    operations: times.length,
    perSecond: (times.length / took) * 1000,
    p50Us: quantile(sorted, 0.5) * 1000,
    p99Us: quantile(sorted, 0.99) * 1000,
    cpuUs: (used.user + used.system) / times.length,
    waitShare: foreignMs(scheduled, schedule('self'), (used.user + used.system) / 1000) / took,
  }
}

/** Of the time that the main thread waited, what its own process's other threads cannot have taken. */
function foreignMs(before: Schedule, after: Schedule, processMs: number): number {
  const others = processMs - (after.cpuMs - before.cpuMs)
  return Math.max(0, after.waitMs - before.waitMs - Math.max(0, others))
}

/** Of a main thread so far, in milliseconds. */
interface Schedule {
  readonly cpuMs: number
  /** Ready to run while another thread ran. */
  readonly waitMs: number
}

/** From /proc (schedstat: nanoseconds of each): Linux tells, others do not. */
export function schedule(pid: number | 'self'): Schedule {
  try {
    const [cpu = 0, wait = 0] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ').map(Number)
    return { cpuMs: cpu / 1e6, waitMs: wait / 1e6 }
  } catch {
    return { cpuMs: 0, waitMs: 0 }
  }
}
