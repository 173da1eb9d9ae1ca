import type { Evidence, Observations, Observed } from '../observations.js'

export type CheckState = 'pass' | 'warn' | 'fail' | 'unknown' | 'not_applicable'

export interface Verdict {
  readonly state: CheckState
  /** What was seen, in words. */
  readonly observed: string
  /** Unix milliseconds of the oldest look that the verdict rests on. */
  readonly at?: number | undefined
  readonly remedy?: string | undefined
}

/** One check as data: what it is called, where it makes sense, how it looks, how it judges. */
export interface CheckRule<Id extends string = string> {
  readonly id: Id
  readonly backends: readonly Evidence['backend'][]
  readonly source: string
  readonly judge: (evidence: Evidence) => Verdict
}

const WAIT = 'wait for the first look: it takes a few seconds'
const STUCK =
  'the watch of this process is held up: see its log, and how busy it is with `top`; then restart it'

type Seen<K extends keyof Observations> = NonNullable<Observations[K]> extends Observed<infer T> ? T : never

/**
 * Judges one kind of observation, or says why it cannot: not looked yet, could not be seen, seen too long
 * ago. What is not known is never taken for fine.
 */
export function judgeSeen<K extends keyof Observations>(
  evidence: Evidence,
  kind: K,
  judge: (seen: Seen<K>) => Verdict,
): Verdict {
  const observed = evidence.observations[kind] as Observed<Seen<K>> | undefined
  if (observed === undefined) return { state: 'unknown', observed: 'not looked at yet', remedy: WAIT }
  if ('problem' in observed) {
    const { problem, remedy, at } = observed
    return { state: 'unknown', observed: problem, at, remedy }
  }
  if (evidence.now - observed.at > evidence.staleAfterMs) {
    return { state: 'unknown', observed: 'seen too long ago to be relied on', at: observed.at, remedy: STUCK }
  }
  const verdict = judge(observed.seen)
  return { ...verdict, at: Math.min(observed.at, verdict.at ?? observed.at) }
}

/** Without a connection nothing is known, whatever it was before. */
export function notConnected(code = 'no reason known'): Verdict {
  return {
    state: 'unknown',
    observed: `not connected (${code})`,
    remedy: 'bring Redis back first: the check redis_available says how',
  }
}

/** What was seen, where it is fresh. */
export function freshlySeen<K extends keyof Observations>(evidence: Evidence, kind: K): Seen<K> | undefined {
  const observed = evidence.observations[kind] as Observed<Seen<K>> | undefined
  if (observed === undefined || 'problem' in observed) return undefined
  return evidence.now - observed.at > evidence.staleAfterMs ? undefined : observed.seen
}

/** `1 failed login`, `2 failed logins`. */
export function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`
}
