import { showChecks } from './checks.js'
import { choice, element, part, say, show } from './elements.js'
import { EventList } from './events.js'
import { Feed } from './feed.js'
import { showFigures } from './figures.js'
import { showOverall } from './overall.js'
import { cachesOf } from './shapes.js'
import { showTimeline } from './timeline.js'
import { showUnseen } from './unseen.js'

/** @import { Refusal } from './feed.js' */
/** @import { CacheStatus } from './shapes.js' */

/** What to say where a token would not help, by what the server wrote into the page. */
const CLOSED = /** @type {Readonly<Record<string, string>>} */ ({
  not_configured:
    'Set SECURITY_STATUS_TOKEN (at least 32 characters), or give securityStatus({ authorize }). Without them the ' +
    'status is shown on this machine alone, and only with NODE_ENV development or test.',
  refused: 'You are not authorised to see this. Log in to the application, then reload this page.',
})

const events = new EventList()
/** @type {Feed | undefined} */
let feed
/** @type {readonly CacheStatus[]} */
let caches = []

const access = document.body.dataset['access'] ?? 'no_token'
part('door').addEventListener('submit', (submitted) => {
  submitted.preventDefault()
  const field = /** @type {HTMLInputElement} */ (part('token'))
  const token = field.value.trim()
  field.value = ''
  if (token !== '') watch(token)
})
part('leave').addEventListener('click', () => {
  leave('')
})
choice('cache').addEventListener('change', showCache)

if (access === 'authorised') watch(undefined)
else if (access in CLOSED) close(CLOSED[access] ?? '')
else open('')

/** @param {string | undefined} token */
function watch(token) {
  say('refusal', '')
  say('live', 'asking …')
  feed = new Feed(token, {
    onStatus: (body) => {
      reveal(token)
      caches = cachesOf(body)
      showOverall(caches)
      showChooser()
      showCache()
    },
    onEvents: (added, lost) => {
      events.add(added, lost)
    },
    onAllEvents: (all) => {
      events.replace(all)
    },
    onWay: (words) => {
      const stale = words === 'live' ? '' : `, last at ${new Date().toLocaleTimeString()}`
      say('live', words + stale)
    },
    onRefused: refused,
  })
  void feed.run()
}

/** @param {string | undefined} token */
function reveal(token) {
  if (!part('status').hidden) return
  part('door').hidden = true
  part('status').hidden = false
  part('leave').hidden = token === undefined
  if (token === undefined) return
  // The form that had the focus is gone: a reader goes on where the answer stands.
  part('verdict-words').tabIndex = -1
  part('verdict-words').focus()
}

function showChooser() {
  const names = caches.map(({ key_prefix }, index) => element('option', { value: index }, [key_prefix]))
  const chosen = choice('cache').value
  show('cache', names)
  if (chosen !== '') choice('cache').value = chosen
  part('chooser').hidden = caches.length < 2
}

function showCache() {
  const cache = caches[Number(choice('cache').value)] ?? caches[0]
  if (cache === undefined) return
  showChecks(cache)
  showTimeline(cache)
  showFigures(cache)
  showUnseen(cache)
}

/** @param {Refusal} refusal */
function refused(refusal) {
  if (refusal.status === 401 || refusal.status === 429) leave(refusal.message)
  else {
    leave('')
    close(refusal.message)
  }
}

/** Nothing of what was shown stays. @param {string} why */
function leave(why) {
  feed?.end()
  feed = undefined
  caches = []
  events.replace([])
  part('status').hidden = true
  for (const id of ['checks', 'timeline', 'timeline-table', 'figures', 'latency', 'unseen', 'cache'])
    show(id, [])
  for (const id of ['verdict-words', 'verdict-more', 'live']) say(id, '')
  document.title = 'Cache security'
  part('leave').hidden = true
  part('chooser').hidden = true
  open(why)
}

/** @param {string} why */
function open(why) {
  part('closed').hidden = true
  part('door').hidden = false
  say('refusal', why)
  part('token').focus()
}

/** @param {string} why */
function close(why) {
  part('door').hidden = true
  part('closed').hidden = false
  say('closed-text', why)
}
