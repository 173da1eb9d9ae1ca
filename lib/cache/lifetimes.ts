import type { WriteOptions } from '../interface.js'
import { ttlToMs } from '../ttl.js'

/** How long one value may stay, and how long it opens. */
export interface Lifetime {
  /** What the store is told; `null` for no expiry. */
  readonly ttlMs: number | null
  /** What the sealed header says, 0 for none. */
  readonly lifetimeSeconds: number
}

/** The longest time to live that there is (lib/ttl.ts): ten years of 365 days. */
const MAX_TTL_MS = 10 * 365 * 86_400_000

/** Turns write options into times. The default is worked out once. */
export class Lifetimes {
  readonly #default: Lifetime

  constructor(ttlMs: number | null) {
    this.#default = lifetimeOf(ttlMs, ttlMs)
  }

  /** Throws `ERR_CACHE_TTL`. */
  of(options: WriteOptions | undefined): Lifetime {
    const ttl = options?.ttl
    const lifetime = options?.lifetime
    if (ttl === undefined && lifetime === undefined) return this.#default
    const ttlMs = ttl === undefined ? this.#default.ttlMs : ttlToMs(ttl)
    return lifetimeOf(ttlMs, lifetime === undefined ? ttlMs : ttlToMs(lifetime))
  }
}

/** A value that opens no more need not lie there: the lifetime bounds the time to live. */
function lifetimeOf(ttlMs: number | null, lifetimeMs: number | null): Lifetime {
  return {
    ttlMs: shorter(ttlMs, lifetimeMs),
    lifetimeSeconds: headerSeconds(lifetimeMs),
  }
}

/** As the sealed header has it: whole seconds, rounded up, 0 for none. */
export function headerSeconds(lifetimeMs: number | null): number {
  return lifetimeMs === null ? 0 : Math.ceil(lifetimeMs / 1000)
}

function shorter(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b)
}

/** What `touch` may give a value: never more than its sealed lifetime has left; 0 or less where that is over. */
export function slideMs(
  wantedMs: number | null,
  sealed: { readonly issuedAt: number; readonly lifetimeSeconds: number },
  nowMs: number,
): number {
  const ttlMs = wantedMs ?? MAX_TTL_MS
  if (sealed.lifetimeSeconds === 0) return ttlMs
  return Math.min(ttlMs, (sealed.issuedAt + sealed.lifetimeSeconds) * 1000 - nowMs)
}
