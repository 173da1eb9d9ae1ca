import { drawing, element, show } from './elements.js'
import { counted, dateAndTime, hourAndMinute, span } from './words.js'

/** @import { CacheStatus, Interval, Timeline } from './shapes.js' */

const DAY_MS = 86_400_000
const HOURS_BETWEEN_LABELS = 6
/** The drawing's own units; it stretches to the width that there is. */
const HEIGHT = 40

/**
 * @typedef {object} Lane
 * @property {string} title
 * @property {'warn' | 'fail'} state
 * @property {string} total
 * @property {string} said  for those who cannot see the drawing
 * @property {readonly SVGElement[]} marks
 * @property {number} since  unix milliseconds; nothing before it was seen
 */

/** @param {CacheStatus} cache */
export function showTimeline({ activity }) {
  const { timeline, now, observed_since } = activity
  const from = Date.parse(timeline.from)
  const since = Date.parse(observed_since)
  const width = timeline.decrypt_failures.length
  const { source, counts, since: countedSince, lost } = timeline.failed_logins
  const lanes = [
    bars({
      title: source === 'server' ? 'Failed logins, by anyone' : 'Failed logins, our own',
      counts,
      state: 'fail',
      since: Date.parse(countedSince),
      timeline,
    }),
    bars({ title: 'Refused by Redis (ACL)', counts: timeline.acl_denied, state: 'fail', since, timeline }),
    bars({
      title: 'Values that did not open',
      counts: timeline.decrypt_failures,
      state: 'warn',
      since,
      timeline,
    }),
    outages(timeline, { from, now: Date.parse(now), since }),
  ]
  show('timeline', [
    ...lanes.map((lane, index) => row(lane, { from, width, lost: index === 0 ? lost : [] })),
    axis(from),
    note(since, lost),
  ])
  show('timeline-table', [asTable(timeline, from)])
}

/** @param {{ title: string, counts: readonly number[], state: Lane['state'], since: number, timeline: Timeline }} given @returns {Lane} */
function bars({ title, counts, state, since, timeline }) {
  const most = Math.max(...counts, 1)
  const sum = counts.reduce((total, count) => total + count, 0)
  const peak = counts.indexOf(most)
  const peakAt = Date.parse(timeline.from) + peak * timeline.bucket_minutes * 60_000
  return {
    title,
    state,
    since,
    total: String(sum),
    said:
      sum === 0
        ? 'none'
        : `${String(sum)} in all, most of them (${String(most)}) from ${hourAndMinute(peakAt)}`,
    marks: counts.flatMap((count, index) => {
      if (count === 0) return []
      // By the root: one failure beside a thousand must still be seen.
      const height = Math.max(Math.sqrt(count / most) * HEIGHT, 4)
      return drawing('rect', { x: index + 0.1, y: HEIGHT - height, width: 0.8, height, class: 'bars' })
    }),
  }
}

/** @param {Timeline} timeline @param {{ from: number, now: number, since: number }} times @returns {Lane} */
function outages({ outages: all, bucket_minutes }, { from, now, since }) {
  const spans = all.map(({ from: begin, to }) => ({
    begin: Math.max(Date.parse(begin), from),
    end: to === null ? now : Date.parse(to),
  }))
  const ms = spans.reduce((total, { begin, end }) => total + Math.max(end - begin, 0), 0)
  const unit = bucket_minutes * 60_000
  return {
    title: 'Redis away',
    state: 'warn',
    since,
    total: all.length === 0 ? '0' : span(ms),
    said: all.length === 0 ? 'never' : `${counted(all.length, 'outage')}, ${span(ms)} in all`,
    marks: spans.map(({ begin, end }) =>
      drawing('rect', {
        x: (begin - from) / unit,
        y: 8,
        width: Math.max((end - begin) / unit, 0.4),
        height: HEIGHT - 8,
        class: 'bars',
      }),
    ),
  }
}

/** @param {Lane} lane @param {{ from: number, width: number, lost: readonly Interval[] }} scale */
function row({ title, state, total, said, marks, since }, { from, width, lost }) {
  const place = (/** @type {number} */ time) => Math.min(Math.max(((time - from) / DAY_MS) * width, 0), width)
  const unwatched = place(since)
  const svg = drawing(
    'svg',
    {
      viewBox: `0 0 ${String(width)} ${String(HEIGHT)}`,
      preserveAspectRatio: 'none',
      role: 'img',
      'aria-label': `${title} in the last 24 hours: ${said}`,
    },
    [
      drawing('rect', { x: 0, y: 0, width: unwatched, height: HEIGHT, class: 'unwatched' }),
      ...lost.map((interval) => {
        const begin = place(Date.parse(interval.from))
        const length = Math.max(place(Date.parse(interval.to)) - begin, 0.4)
        return drawing('rect', { x: begin, y: 0, width: length, height: HEIGHT, class: 'lost' })
      }),
      ...marks,
      drawing('line', { x1: 0, x2: width, y1: HEIGHT, y2: HEIGHT, class: 'baseline' }),
    ],
  )
  return element('div', { class: 'lane', 'data-state': state }, [
    element('span', {}, [title]),
    svg,
    element('span', { class: 'total' }, [total]),
  ])
}

/** @param {number} from */
function axis(from) {
  const steps = 24 / HOURS_BETWEEN_LABELS
  const labels = Array.from({ length: steps + 1 }, (_, step) => {
    const at = from + (step * DAY_MS) / steps
    return element('span', {}, [step === steps ? 'now' : hourAndMinute(at)])
  })
  return element('div', { class: 'axis', 'aria-hidden': 'true' }, labels)
}

/** @param {number} since @param {readonly Interval[]} lost */
function note(since, lost) {
  const gaps = lost.map(({ from, to }) => `from ${dateAndTime(from)} to ${dateAndTime(to)}`)
  const told =
    gaps.length === 0
      ? []
      : [
          ' ',
          element('span', { class: 'legend lost', 'aria-hidden': 'true' }),
          ` lost: the server's count of failed logins began anew, and what it had counted ${gaps.join(', ')} is not in it.`,
        ]
  return element('p', { class: 'note' }, [
    element('span', { class: 'legend', 'aria-hidden': 'true' }),
    ` not watched: this process looks since ${dateAndTime(new Date(since).toISOString())}.`,
    ...told,
  ])
}

/** @param {Timeline} timeline @param {number} from */
function asTable(timeline, from) {
  const hours = Array.from({ length: 24 }, (_, hour) => hour)
  const perHour = 60 / timeline.bucket_minutes
  const sum = (/** @type {readonly number[]} */ counts, /** @type {number} */ hour) =>
    counts.slice(hour * perHour, (hour + 1) * perHour).reduce((total, count) => total + count, 0)
  const columns = [timeline.failed_logins.counts, timeline.acl_denied, timeline.decrypt_failures]
  const rows = hours
    .filter((hour) => columns.some((counts) => sum(counts, hour) > 0))
    .map((hour) =>
      element('tr', {}, [
        element('th', { scope: 'row' }, [hourAndMinute(from + hour * 3_600_000)]),
        ...columns.map((counts) => element('td', {}, [String(sum(counts, hour))])),
      ]),
    )
  const head = ['Hour from', 'Failed logins', 'Refused', 'Did not open'].map((text) =>
    element('th', { scope: 'col' }, [text]),
  )
  const body =
    rows.length > 0 ? rows : [element('tr', {}, [element('td', { colspan: 4 }, ['Nothing happened.'])])]
  return element('table', {}, [element('thead', {}, [element('tr', {}, head)]), element('tbody', {}, body)])
}
