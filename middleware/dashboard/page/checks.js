import { element, show, withCommands } from './elements.js'
import { CHECK_TITLES, dateAndTime, STATES } from './words.js'

/** @import { CacheStatus, Check } from './shapes.js' */

const ORDER = ['fail', 'warn', 'unknown', 'pass', 'not_applicable']

/** The worst first; among equals in the order of the status. @param {CacheStatus} cache */
export function showChecks({ checks, warnings }) {
  const sorted = checks.toSorted((one, other) => ORDER.indexOf(one.state) - ORDER.indexOf(other.state))
  show(
    'checks',
    sorted.map((check) => card(check, check.id === 'configuration' ? warnings : [])),
  )
}

/** @param {Check} check @param {CacheStatus['warnings']} warnings */
function card({ id, state, observed, source, observed_at, remedy }, warnings) {
  const { word, sign } = STATES[state]
  const parts = [
    element('header', {}, [
      element('h3', {}, [CHECK_TITLES[id] ?? id]),
      element('span', { class: 'badge' }, [`${sign} ${word}`]),
    ]),
    element('p', {}, [observed]),
    ...warnings.map(({ message }) => element('p', {}, withCommands(message))),
  ]
  if (remedy !== null && state !== 'pass') {
    parts.push(
      element('p', { class: 'remedy' }, [element('strong', {}, ['What to do: ']), ...withCommands(remedy)]),
    )
  }
  const when =
    observed_at === null ? [] : [', ', element('time', { datetime: observed_at }, [dateAndTime(observed_at)])]
  parts.push(element('p', { class: 'source' }, [`Seen by ${source}`, ...when, '.']))
  return element('li', { class: 'check', 'data-state': state, 'data-check': id }, parts)
}
