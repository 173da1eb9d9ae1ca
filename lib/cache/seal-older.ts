import { headerSeconds } from './lifetimes.js'
import type { NamespaceSealing, Opened } from './sealing.js'

export interface OlderPlace {
  readonly key: string
  readonly sealing: NamespaceSealing
  /** What is left of its time to live; `null` for none. */
  readonly ttlMs: number | null
  readonly nowMs: number
  /** Where it lay, where that is not its own name. */
  readonly origin?: string | undefined
}

/**
 * A value of an older format, sealed. Such a value has no lifetime: what is left of its time to live becomes it,
 * counted from its issue.
 */
export function sealOlder(
  { payload, codec, issuedAt: noted }: Pick<Opened, 'payload' | 'codec' | 'issuedAt'>,
  { key, sealing, ttlMs, nowMs, origin }: OlderPlace,
): Buffer {
  const nowSeconds = Math.floor(nowMs / 1000)
  // A token from a clock that runs ahead must not become a value from the future.
  const issuedAt = noted === 0 ? nowSeconds : Math.min(noted, nowSeconds)
  const lifetimeSeconds = ttlMs === null ? 0 : nowSeconds - issuedAt + headerSeconds(ttlMs)
  const metadata = origin === undefined ? undefined : { origin }
  return sealing.seal(key, payload, { codec, issuedAt, lifetimeSeconds, metadata })
}
