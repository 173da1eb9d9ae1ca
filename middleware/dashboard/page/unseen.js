import { element, show } from './elements.js'
import { dateAndTime, NEVER_SEEN, span } from './words.js'

/** @import { CacheStatus } from './shapes.js' */

/** @param {CacheStatus} cache */
export function showUnseen({ activity }) {
  const { observed_since, interval_seconds, timeline } = activity
  const { source } = timeline.failed_logins
  const now = [
    `Anything before ${dateAndTime(observed_since)}, when this process began to look.`,
    `What comes and goes between two looks at the server, ${span(interval_seconds * 1000)} apart; counters are read whole.`,
    ...(source === 'own'
      ? ['Logins of others: user monitor is not there to read the server’s counter.']
      : []),
  ]
  show(
    'unseen',
    [...now, ...NEVER_SEEN].map((text) => element('li', {}, [text])),
  )
}
