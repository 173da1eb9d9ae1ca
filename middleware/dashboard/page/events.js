import { choice, element, say, show } from './elements.js'
import { counted, dateAndTime, EVENT_WORDS, eventDetails } from './words.js'

/** @import { StatusEvent } from './shapes.js' */

const MOST_KEPT = 500
const SEVERITIES = ['info', 'warning', 'critical']

/** The list of events: keeps the newest, shows those that the filters let through. */
export class EventList {
  /** Newest first. @type {readonly StatusEvent[]} */
  #events = []
  #lost = 0

  constructor() {
    const kinds = Object.keys(EVENT_WORDS).map((type) => element('option', { value: type }, [type]))
    choice('kind').append(...kinds)
    for (const id of ['severity', 'kind']) {
      choice(id).addEventListener('change', () => {
        this.#show()
      })
    }
  }

  /** All that are known, newest first. @param {readonly StatusEvent[]} events */
  replace(events) {
    this.#events = events.slice(0, MOST_KEPT)
    this.#show()
  }

  /** New ones, oldest first, and how many more there were. @param {readonly StatusEvent[]} events @param {number} lost */
  add(events, lost) {
    this.#events = [...events.toReversed(), ...this.#events].slice(0, MOST_KEPT)
    this.#lost += lost
    this.#show()
  }

  #show() {
    const least = SEVERITIES.indexOf(choice('severity').value)
    const kind = choice('kind').value
    const shown = this.#events.filter(
      ({ type, severity }) => SEVERITIES.indexOf(severity) >= least && (kind === '' || type === kind),
    )
    const lost = this.#lost === 0 ? '' : `; ${String(this.#lost)} more came too fast to be shown`
    say('events-count', `${counted(shown.length, 'event')} of ${String(this.#events.length)}${lost}`)
    const none = element('li', { class: 'note' }, ['Nothing to show.'])
    show('events', shown.length === 0 ? [none] : shown.map(line))
  }
}

/** @param {StatusEvent} event */
function line(event) {
  const { type, at, severity } = event
  const details = eventDetails(event)
  return element('li', { class: 'event', 'data-state': severity, 'data-type': type }, [
    element('time', { datetime: at, class: 'when' }, [dateAndTime(at)]),
    element('span', {}, [element('span', { class: 'badge' }, [severity])]),
    element('span', { class: 'what' }, [
      element('strong', {}, [EVENT_WORDS[type] ?? type]),
      element('span', { class: 'note' }, [` ${type}${details === '' ? '' : ` · ${details}`}`]),
    ]),
  ])
}
