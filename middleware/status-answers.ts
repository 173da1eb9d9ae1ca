import { EVENT_SEVERITY } from '../lib/events.js'
import type { EventType, SecurityEvent } from '../lib/events.js'
import type { EventFilter } from '../lib/interface.js'
import type { SecurityStatus } from '../lib/monitor/status.js'
import { activityOf } from './status-activity.js'
import type { Answer } from './status-send.js'
import type { StatusSource } from './status-source.js'

/** The booleans of a status, of which several caches have the worse. */
const BOOLEANS = [
  'secured',
  'redis_authenticated',
  'tls_enabled',
  'encryption_enabled',
  'network_isolated',
  'recent_auth_failures',
] as const

/** `GET /status`. */
export async function statusAnswer(sources: readonly StatusSource[]): Promise<Answer> {
  await Promise.all(sources.map(({ watch }) => watch.firstLook))
  return { status: 200, body: statusBody(sources) }
}

/** One cache: its status; several: what holds for all, and each under `caches`. */
export function statusBody(sources: readonly StatusSource[]): object {
  const all = sources.map((source) => ({
    key_prefix: source.settings.redis.keyPrefix,
    ...source.watch.status(),
    activity: activityOf(source, source.now()),
  }))
  const [first, ...others] = all
  const one = first !== undefined && others.length === 0
  return one ? first : { ...together(all), caches: all }
}

function together(all: readonly SecurityStatus[]): Record<string, boolean> {
  return Object.fromEntries(BOOLEANS.map((name) => [name, all.every((status) => status[name])]))
}

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1000

/** `GET /events?since=&type=&limit=`, newest first. */
export function eventsAnswer(sources: readonly StatusSource[], query: URLSearchParams): Answer {
  const problems: string[] = []
  const read = <T>(name: string, expected: string, parse: (text: string) => T | undefined): T | undefined => {
    const given = query.getAll(name)
    const [text] = given
    if (text === undefined || text === '') return undefined
    const parsed = given.length === 1 ? parse(text) : undefined
    if (parsed === undefined) problems.push(`${name} must be ${expected}`)
    return parsed
  }
  const since = read('since', 'one ISO 8601 time such as 2026-01-31T12:00:00Z', parseTime)
  const type = read('type', `one of ${Object.keys(EVENT_SEVERITY).join(', ')}`, parseType)
  const limit = read('limit', `a whole number from 1 to ${String(MAX_LIMIT)}`, parseLimit) ?? DEFAULT_LIMIT
  if (problems.length > 0) return { status: 400, body: { error: problems.join('; ') } }
  const observedSince = Math.min(...sources.map(({ monitor }) => monitor.since))
  return {
    status: 200,
    body: {
      observed_since: new Date(observedSince).toISOString(),
      events: newestEvents(sources, { since, type, limit }),
    },
  }
}

/** What all of them saw, newest first. */
export function newestEvents(
  sources: readonly StatusSource[],
  filter: EventFilter & { readonly limit: number },
): readonly SecurityEvent[] {
  const lists = sources.map(({ monitor }) => monitor.recentEvents(filter))
  const [only] = lists
  if (lists.length === 1 && only !== undefined) return only
  return lists
    .flat()
    .toSorted((one, other) => other.at.localeCompare(one.at))
    .slice(0, filter.limit)
}

function parseTime(text: string): Date | undefined {
  if (!/^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?)?$/.test(text))
    return undefined
  const time = new Date(text)
  return Number.isNaN(time.getTime()) ? undefined : time
}

function parseType(text: string): EventType | undefined {
  return Object.hasOwn(EVENT_SEVERITY, text) ? (text as EventType) : undefined
}

function parseLimit(text: string): number | undefined {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0
  return limit >= 1 && limit <= MAX_LIMIT ? limit : undefined
}

/**
 * `GET /health`, for load balancers and orchestrators, as draft-inadarei-api-health-check writes it. Whoever
 * asks learns whether the cache works and nothing else. A cache that degrades is no reason to take an
 * application out of service, unless the application says that it cannot do without.
 */
export function healthAnswer(sources: readonly StatusSource[], required: boolean): Answer {
  const found = new Set(sources.map(({ watch }) => watch.health({ required }).status))
  const status = WORST_FIRST.find((one) => found.has(one)) ?? 'pass'
  return { status: HTTP_STATUS[status], type: 'application/health+json', body: { status } }
}

const WORST_FIRST = ['fail', 'warn', 'pass'] as const
const HTTP_STATUS = { fail: 503, warn: 200, pass: 200 } as const
