import type { Severity } from '../../events.js'
import type { Logger } from '../../interface.js'
import type { AlertChannel } from './channel.js'

const LEVELS = { info: 'info', warning: 'warn', critical: 'error' } as const satisfies Record<
  Severity,
  keyof Logger
>

/** Every alert is a line of the log, whatever else is configured. The logger is the redacting one. */
export function logChannel(logger: Logger): AlertChannel {
  return {
    name: 'log',
    target: 'the log',
    async send({ severity, kind, title, message, remedy, count, since, id }) {
      logger[LEVELS[severity]](`alert: ${title}: ${message}`, {
        'event.action': 'alert',
        'event.id': id,
        kind,
        count,
        since,
        remedy,
      })
    },
  }
}
