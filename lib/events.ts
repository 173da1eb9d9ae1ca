import type { OpenFailure } from './errors.js'

export type Severity = 'info' | 'warning' | 'critical'

/**
 * What each event carries beside `type`, `at` and `severity`. Events say what happened, not what it was:
 * never a value, a key name, a password or a key. Field names follow ECS where it has one
 * (`user.name`, `source.ip`, `error.code`), written here as `userName`, `sourceIp`, `errorCode`.
 */
export interface EventFields {
  'auth.success': { userName?: string | undefined }
  'auth.failure': {
    errorCode: string
    userName?: string | undefined
    source: 'own' | 'server'
    count?: number | undefined
  }
  'auth.recovered': { userName?: string | undefined; failures: number }
  'auth.brute_force': { source: 'own' | 'server'; failures: number; window: string }
  'acl.denied': {
    reason: string
    userName?: string | undefined
    object?: string | undefined
    sourceIp?: string | undefined
    count?: number | undefined
    source: 'own' | 'server'
  }
  'acl.changed': { userName: string; change: string }
  'decrypt.failure': { reason: OpenFailure; operation: string; count?: number | undefined }
  'encrypt.failure': { errorCode: string; operation: string; count?: number | undefined }
  'tls.failure': { errorCode: string; message: string }
  'tls.expiring': { expiresAt: string; daysLeft: number }
  'server.plaintext_client': { count: number; sourceIp?: string | undefined }
  'server.rejected': { count: number }
  'clock.skew': { seconds: number; count?: number | undefined }
  'redis.unavailable': { errorCode: string; message: string }
  'redis.recovered': { outageMs: number }
  'config.insecure': { variable: string; message: string }
  'config.reloaded': { what: string }
  'key.rotated': { keyId: string; previousKeyId?: string | undefined }
  'alert.sent': { kind: string; channel: string }
  'alert.suppressed': { kind: string; count: number }
  'alert.failed': { kind: string; channel: string; message: string }
}

export type EventType = keyof EventFields

/** Severity of each event; lib/event-log.ts has the OWASP term beside it. */
export const EVENT_SEVERITY: Readonly<Record<EventType, Severity>> = {
  'auth.success': 'info',
  'auth.failure': 'warning',
  'auth.recovered': 'warning',
  'auth.brute_force': 'critical',
  'acl.denied': 'critical',
  'acl.changed': 'warning',
  'decrypt.failure': 'warning',
  'encrypt.failure': 'warning',
  'tls.failure': 'critical',
  'tls.expiring': 'warning',
  'server.plaintext_client': 'warning',
  'server.rejected': 'warning',
  'clock.skew': 'warning',
  'redis.unavailable': 'warning',
  'redis.recovered': 'info',
  'config.insecure': 'warning',
  'config.reloaded': 'info',
  'key.rotated': 'info',
  'alert.sent': 'info',
  'alert.suppressed': 'info',
  'alert.failed': 'warning',
}

/** One event: `{ type, at (ISO 8601), severity, … }`. */
export type SecurityEvent<T extends EventType = EventType> = {
  [K in T]: { readonly type: K; readonly at: string; readonly severity: Severity } & Readonly<EventFields[K]>
}[T]

export type EventListener<T extends EventType = EventType> = (event: SecurityEvent<T>) => void

/**
 * The emitter that everything below may use. A listener that throws never disturbs the emitter's caller:
 * a broken log must not break a request.
 */
export class SecurityEvents {
  readonly #byType = new Map<EventType, Set<EventListener>>()
  readonly #all = new Set<EventListener>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  emit<T extends EventType>(type: T, fields: EventFields[T]): void {
    const event = Object.freeze({
      type,
      at: new Date(this.#now()).toISOString(),
      severity: EVENT_SEVERITY[type],
      ...fields,
    }) as SecurityEvent
    this.#deliver(this.#byType.get(type), event)
    this.#deliver(this.#all, event)
  }

  /** Listens to one type. Returns the call that stops listening. */
  on<T extends EventType>(type: T, listener: EventListener<T>): () => void {
    const listeners = this.#byType.get(type) ?? new Set()
    this.#byType.set(type, listeners)
    return add(listeners, listener as EventListener)
  }

  /** Listens to every event. Returns the call that stops listening. */
  onAny(listener: EventListener): () => void {
    return add(this.#all, listener)
  }

  #deliver(listeners: ReadonlySet<EventListener> | undefined, event: SecurityEvent): void {
    for (const listener of listeners ?? []) {
      try {
        listener(event)
      } catch {
        // Reported by nobody on purpose: the reporter itself is what failed.
      }
    }
  }
}

function add(listeners: Set<EventListener>, listener: EventListener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
