import type { Alert } from '../alert.js'

export type ChannelName = 'log' | 'email' | 'webhook'

/** One way to reach somebody. */
export interface AlertChannel {
  readonly name: ChannelName
  /** Where it leads, for people: a host, never a whole address. */
  readonly target: string
  /** One attempt. Rejects with a {@link ChannelFailure}; bounded in time, and at once when the signal fires. */
  send(alert: Alert, signal: AbortSignal): Promise<void>
}

/** Why an alert did not arrive, in words that hold no secret and nothing that the other side wrote. */
export class ChannelFailure extends Error {
  /** True where another attempt would be in vain. */
  readonly final: boolean

  constructor(message: string, { final = false }: { final?: boolean | undefined } = {}) {
    super(message)
    this.name = 'ChannelFailure'
    this.final = final
  }
}
