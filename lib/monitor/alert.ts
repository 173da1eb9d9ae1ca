import { randomUUID } from 'node:crypto'
import type { Severity } from '../events.js'
import { foreignText } from '../foreign-text.js'

/** What a person is told. One line a text, no secret, nothing that acts on whoever reads it. */
export interface Alert {
  /** The same for every channel and every attempt, so that a receiver can drop what comes twice. */
  readonly id: string
  /** When it was put together, ISO 8601. */
  readonly timestamp: string
  readonly kind: string
  readonly severity: Severity
  readonly title: string
  readonly message: string
  /** What to do. */
  readonly remedy: string
  /** How often it happened since `since`. */
  readonly count: number
  /** ISO 8601. */
  readonly since: string
  /** Which cache. */
  readonly key_prefix: string
}

/** Events may quote what somebody typed before any login: longer than this is no message for people. */
const MAX_MESSAGE = 600

export interface AlertFacts {
  readonly kind: string
  readonly severity: Severity
  readonly title: string
  readonly message: string
  readonly remedy: string
  readonly count: number
  /** Unix milliseconds. */
  readonly since: number
  readonly keyPrefix: string
  /** Hides secrets in the message; absent where it is our own text. */
  readonly hide?: ((text: string) => string) | undefined
  /** Unix milliseconds. */
  readonly now: number
}

/** Puts an alert together; what others wrote in it is made harmless. */
export function makeAlert(facts: AlertFacts): Alert {
  const { kind, severity, title, message, remedy, count, since, keyPrefix, hide, now } = facts
  return Object.freeze({
    id: `msg_${randomUUID()}`,
    timestamp: new Date(now).toISOString(),
    kind,
    severity,
    title,
    message: foreignText(message, { maxLength: MAX_MESSAGE, hide }),
    remedy,
    count,
    since: new Date(since).toISOString(),
    key_prefix: keyPrefix,
  })
}

/** What `secure-cache alert test` sends. */
export function testAlert(keyPrefix: string, now: number): Alert {
  return makeAlert({
    kind: 'test',
    severity: 'info',
    title: 'Test of the alert channels',
    message: 'somebody ran `secure-cache alert test`: nothing is wrong',
    remedy: 'Nothing to do. If you did not expect it, ask who has the settings of this application.',
    count: 1,
    since: now,
    keyPrefix,
    now,
  })
}
