import { element, show } from './elements.js'
import { counted, dateAndTime, span } from './words.js'

/** @import { Activity, CacheStatus } from './shapes.js' */

/** @param {CacheStatus} cache */
export function showFigures(cache) {
  show('figures', [...useFigures(cache), ...ageFigures(cache)])
  show('latency', [latency(cache.activity.operations.latency)])
}

/** @param {CacheStatus} cache */
function useFigures({ activity, summary }) {
  const { hits, misses, failed } = activity.operations
  const reads = hits + misses
  const share = reads === 0 ? '–' : `${((hits / reads) * 100).toFixed(1)} %`
  return [
    figure('Found in the cache', share, `${hits.toLocaleString()} hits, ${misses.toLocaleString()} misses`),
    figure('Could not be done', failed.toLocaleString(), 'operations that failed or took too long'),
    ...serverFigures(activity.server),
    figure('Connections', String(summary.connections.active_count), 'open now, of this process'),
  ]
}

/** @param {Activity['server']} server */
function serverFigures(server) {
  if (server === null) return []
  const { evicted_keys: evicted, rejected_connections: rejected } = server
  const more = `values of anyone that Redis dropped to make room, in 24 hours; ${counted(rejected, 'connection')} turned away`
  return [figure('Dropped for room', evicted.toLocaleString(), more)]
}

/** @param {CacheStatus} cache */
function ageFigures({ activity, tls, encryption }) {
  const now = Date.parse(activity.now)
  return [certificate(tls, now), key(encryption, activity, now)]
}

/** @param {CacheStatus['tls']} tls @param {number} now */
function certificate({ certificate_expires_at: ends, certificate_valid_from: began }, now) {
  if (ends === null) return figure('Certificate', '–', 'no verified connection shows one')
  const left = Date.parse(ends) - now
  const age = began === null ? '' : `, issued ${span(now - Date.parse(began))} ago`
  return figure(
    'Certificate',
    left > 0 ? `${span(left)} left` : 'expired',
    `until ${dateAndTime(ends)}${age}`,
  )
}

/** @param {CacheStatus['encryption']} encryption @param {Activity} activity @param {number} now */
function key(
  { primary_key_id: id, accepted_key_ids: accepted, algorithm },
  { key_in_use_since: since },
  now,
) {
  if (id === null) return figure('Key', 'none', 'values are not sealed')
  const others = accepted.length === 0 ? 'no other key accepted' : `${String(accepted.length)} more accepted`
  const used = since === null ? '–' : span(now - Date.parse(since))
  return figure(
    'Key in use for',
    used,
    `by this process, since its start or its last change. ${algorithm ?? ''} ${id.slice(0, 8)}…, ${others}`,
  )
}

/** @param {string} title @param {string} value @param {string} more */
function figure(title, value, more) {
  return element('div', { class: 'figure' }, [
    element('h3', {}, [title]),
    element('p', { class: 'value' }, [value]),
    element('p', { class: 'note' }, [more]),
  ])
}

/** @param {Activity['operations']['latency']} operations */
function latency(operations) {
  if (operations.length === 0) return element('p', { class: 'note' }, ['No operation yet, so no latency.'])
  const head = ['Operation', 'How often', 'Mean', '95 of 100 within'].map((text) =>
    element('th', { scope: 'col' }, [text]),
  )
  const rows = operations.map(({ op, count, mean_ms, p95_ms }) =>
    element('tr', {}, [
      element('th', { scope: 'row' }, [op]),
      element('td', {}, [count.toLocaleString()]),
      element('td', {}, [`${String(mean_ms)} ms`]),
      element('td', {}, [p95_ms === null ? 'over 2.5 s' : `${String(p95_ms)} ms`]),
    ]),
  )
  return element('table', {}, [
    element('caption', {}, ['Latency, since this process began']),
    element('thead', {}, [element('tr', {}, head)]),
    element('tbody', {}, rows),
  ])
}
