import type { Writable } from 'node:stream'
import winston from 'winston'
import { EVENT_LOG, type LogLevel } from './event-log.js'
import type { SecurityEvents } from './events.js'
import type { Logger } from './interface.js'
import { createRedactor, secretsOf } from './redact.js'
import type { Secret } from './settings/secret.js'
import type { Settings } from './settings/settings.js'

type Fields = Readonly<Record<string, unknown>>

/** Where lines go and from which level on. */
export interface LogSink {
  /** Standard error where absent. */
  readonly stream?: Writable | undefined
  readonly level?: LogLevel | 'silent' | undefined
  readonly now?: (() => number) | undefined
}

/**
 * The logger that is used where the application brings none: JSON lines in production (ECS field names),
 * readable lines elsewhere, on standard error. Every line is redacted: the secrets of the settings and
 * everything that looks like one, in the text as in the fields.
 */
export function createLogger(settings: Settings | LogLevel | 'silent' = 'info', sink: LogSink = {}): Logger {
  const level = typeof settings === 'string' ? settings : (sink.level ?? 'info')
  const production = typeof settings !== 'string' && settings.environment === 'production'
  const render = production ? asJson : asText
  const now = sink.now ?? Date.now
  const log = winston.createLogger({
    level: level === 'silent' ? 'error' : level,
    silent: level === 'silent',
    format: winston.format.printf((info) =>
      render({ at: new Date(now()).toISOString(), ...(info as unknown as Omit<Line, 'at'>) }),
    ),
    transports: [
      sink.stream === undefined
        ? new winston.transports.Console({ stderrLevels: ['error', 'warn', 'info'] })
        : new winston.transports.Stream({ stream: sink.stream }),
    ],
  })
  const write =
    (wanted: LogLevel) =>
    (message: string, fields: Fields = {}) => {
      // One object: winston would join a field called `message` to the message, and let `level` change the level.
      log.log({ level: wanted, message, fields })
    }
  return redacting({ info: write('info'), warn: write('warn'), error: write('error') }, secretsOf(settings))
}

/** Any logger, with every line redacted before it arrives there. It never throws. */
export function redacting(logger: Logger, secrets: readonly Secret[] = []): Logger {
  const redactor = createRedactor(secrets)
  const guarded = (level: LogLevel) => (message: string, fields?: Fields) => {
    try {
      const text = redactor.text(message)
      if (fields === undefined) logger[level](text)
      else logger[level](text, redactor.fields(fields))
    } catch {
      // A broken log must not break a request.
    }
  }
  return { info: guarded('info'), warn: guarded('warn'), error: guarded('error') }
}

/** The logger that the options name: their own with every line redacted, none for `false`, else ours. */
export function chooseLogger(wanted: Logger | false | undefined, settings: Settings): Logger {
  if (wanted === false) return SILENT
  return wanted === undefined ? createLogger(settings) : redacting(wanted, secretsOf(settings))
}

const SILENT: Logger = { info: ignore, warn: ignore, error: ignore }

function ignore(): void {
  // Asked for with `logger: false`.
}

/** Writes every event as a log line. Returns the call that stops it. */
export function logEvents(events: SecurityEvents, logger: Logger): () => void {
  return events.onAny((event) => {
    const { type, severity, ...facts } = event
    const { sentence, owasp } = EVENT_LOG[type]
    const fields = Object.entries(facts).flatMap(([name, value]) =>
      value === undefined || name === 'at' ? [] : [[ECS_NAMES[name] ?? name, value] as const],
    )
    logger[LEVELS[severity]](sentence, {
      'event.action': type,
      ...(owasp === undefined ? {} : { 'event.code': owasp }),
      ...Object.fromEntries(fields),
    })
  })
}

/** https://www.elastic.co/guide/en/ecs/current/ecs-field-reference.html */
const ECS_NAMES: Readonly<Record<string, string>> = {
  userName: 'user.name',
  sourceIp: 'source.ip',
  errorCode: 'error.code',
  message: 'error.message',
}

const LEVELS = { info: 'info', warning: 'warn', critical: 'error' } as const

interface Line {
  readonly at: string
  readonly level: string
  readonly message: string
  readonly fields: Fields
}

function asJson({ at, level, message, fields }: Line): string {
  return JSON.stringify({ ...fields, '@timestamp': at, 'log.level': level, message })
}

function asText({ at, level, message, fields }: Line): string {
  const details = Object.entries(fields).map(([name, value]) => ` ${plain(name)}=${plain(value)}`)
  return `${at} ${level.padEnd(5)} ${message}${details.length > 0 ? ' |' : ''}${details.join('')}`
}

function plain(value: unknown): string {
  return typeof value === 'string' && /^[^\s="]+$/.test(value) ? value : JSON.stringify(value)
}
