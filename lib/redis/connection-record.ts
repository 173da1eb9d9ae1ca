import type { Socket } from 'node:net'
import type { CacheErrorCode } from '../errors.js'
import { greetingFacts, tlsFacts, type ConnectionFacts, type ConnectionStatus } from './connection-facts.js'
import type { Identity } from './identity.js'

/** A replica is left for a primary that may have taken its name by now, and not sooner. */
const REPLICA_PATIENCE_MS = 60_000

export interface RecordParts {
  /** What the connection is for, such as `cache`. */
  readonly purpose: string
  readonly identity: Identity
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** What one connection, made again and again, has seen of its server. */
export class ConnectionRecord {
  readonly #parts: RecordParts
  #connectedSince: number | undefined
  #connections = 0
  #greeting: ReturnType<typeof greetingFacts> = { version: undefined, role: undefined }

  constructor(parts: RecordParts) {
    this.#parts = parts
  }

  /** The server's answer to HELLO. */
  greeted(reply: unknown): void {
    this.#greeting = greetingFacts(reply)
  }

  /** The login was accepted. */
  connected(): void {
    this.#connections += 1
    this.#connectedSince = this.#parts.now()
  }

  /** The server said that it follows another one when the connection began. */
  get isReplica(): boolean {
    return this.#greeting.role === 'replica'
  }

  /**
   * Another connection may lead to the primary, by its name or by a Sentinel's word. Where it has just led to a replica
   * it does so again: reads are served there meanwhile, and a write says what to change.
   */
  get isWorthLeaving(): boolean {
    return !this.isReplica || this.#parts.now() - (this.#connectedSince ?? 0) >= REPLICA_PATIENCE_MS
  }

  /** What was observed, never what was configured. */
  facts({ status, stream, lastErrorCode }: Observed): ConnectionFacts {
    const { purpose, identity } = this.#parts
    const up = status === 'up'
    return {
      purpose,
      endpoint: identity.endpoint,
      status,
      authenticatedAs: up ? identity.userName : undefined,
      tls: up ? tlsFacts(stream) : undefined,
      remoteAddress: up ? stream.remoteAddress : undefined,
      serverVersion: this.#greeting.version,
      serverRole: this.#greeting.role,
      connectedSince:
        up && this.#connectedSince !== undefined ? new Date(this.#connectedSince).toISOString() : undefined,
      reconnects: Math.max(0, this.#connections - 1),
      lastErrorCode,
    }
  }
}

interface Observed {
  readonly status: ConnectionStatus
  readonly stream: Socket
  readonly lastErrorCode: CacheErrorCode | undefined
}
