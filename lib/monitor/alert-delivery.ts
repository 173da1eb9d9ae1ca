import { setTimeout as pause } from 'node:timers/promises'
import type { SecurityEvents } from '../events.js'
import type { Alert } from './alert.js'
import { ChannelFailure } from './channels/channel.js'
import type { AlertChannel } from './channels/channel.js'

/** Pauses between three attempts, in milliseconds. */
const BACKOFF_MS = [1000, 5000] as const

export interface DeliveryOptions {
  readonly channels: readonly AlertChannel[]
  readonly events: SecurityEvents
  readonly backoffMs?: readonly number[] | undefined
}

/**
 * Brings alerts through every channel: three attempts each, independent of one another. How it ended is an
 * event; a failing channel disturbs nothing else.
 */
export class AlertDelivery {
  readonly #options: DeliveryOptions
  readonly #abort = new AbortController()
  readonly #pending = new Set<Promise<void>>()

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  /** Never waits, never throws. */
  deliver(alert: Alert): void {
    for (const channel of this.#options.channels) {
      const delivery = this.#through(channel, alert).finally(() => this.#pending.delete(delivery))
      this.#pending.add(delivery)
    }
  }

  /** Resolves when everything has arrived or failed. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending)
  }

  /** What has not arrived by now fails. */
  cutShort(): void {
    this.#abort.abort()
  }

  async #through(channel: AlertChannel, alert: Alert): Promise<void> {
    const { events, backoffMs = BACKOFF_MS } = this.#options
    const { signal } = this.#abort
    try {
      await attempt({ channel, alert, signal, backoffMs })
      events.emit('alert.sent', { kind: alert.kind, channel: channel.name })
    } catch (error) {
      const why = error instanceof ChannelFailure ? error.message : 'unexpected failure'
      const message = signal.aborted ? `cut short by the shutdown (${why})` : why
      events.emit('alert.failed', { kind: alert.kind, channel: channel.name, message })
    }
  }
}

interface Attempts {
  readonly channel: AlertChannel
  readonly alert: Alert
  readonly signal: AbortSignal
  readonly backoffMs: readonly number[]
}

/** Resolves once the alert arrived; rejects with the failure of the last attempt. */
export async function attempt({ channel, alert, signal, backoffMs }: Attempts): Promise<void> {
  for (const wait of [...backoffMs, undefined]) {
    try {
      await channel.send(alert, signal)
      return
    } catch (error) {
      const isLast = wait === undefined || signal.aborted
      if (isLast || (error instanceof ChannelFailure && error.final)) throw error
      try {
        await pause(wait, undefined, { signal, ref: false })
      } catch {
        throw error
      }
    }
  }
}
