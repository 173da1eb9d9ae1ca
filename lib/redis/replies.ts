import type { CacheError } from '../errors.js'
import { isFenceReply } from './reply-fence.js'

/** A reply that this command cannot have: it belongs to another one. */
export const UNEXPECTED = Symbol('unexpected reply')
export type Unexpected = typeof UNEXPECTED

/** Reads a reply, or tells that it cannot be one of this command. */
export type ReplyReader<T> = (reply: unknown) => T | Unexpected

/** SET. */
export function readOk(reply: unknown): void | Unexpected {
  return Buffer.isBuffer(reply) && reply.length === 2 && reply.toString('latin1') === 'OK'
    ? undefined
    : UNEXPECTED
}

/** SET NX: nil where there was something. */
export function readAdded(reply: unknown): boolean | Unexpected {
  if (reply === null) return false
  return readOk(reply) === UNEXPECTED ? UNEXPECTED : true
}

/** A value of GET or MGET; `null` where there is none. */
export function isValue(reply: unknown): reply is Buffer | null {
  return reply === null || (Buffer.isBuffer(reply) && !isFenceReply(reply))
}

/** PEXPIRE. */
export function readFlag(reply: unknown): boolean | Unexpected {
  return reply === 0 || reply === 1 ? reply === 1 : UNEXPECTED
}

/** PTTL: -2 absent, -1 without expiry. */
export function readTtl(reply: unknown): number | null | undefined | Unexpected {
  if (reply === -2) return undefined
  if (reply === -1) return null
  return isCount(reply) ? reply : UNEXPECTED
}

/** UNLINK of so many keys. */
export function countReader(most: number): ReplyReader<number> {
  return (reply) => (isCount(reply) && reply <= most ? reply : UNEXPECTED)
}

function isCount(reply: unknown): reply is number {
  return typeof reply === 'number' && Number.isInteger(reply) && reply >= 0
}

/** What a store does with failures that concern its connection. */
export interface FailureDesk {
  /** A foreign error becomes one of ours. */
  mapped(error: unknown, operation: string): CacheError
  /** The reply belongs to another command: the connection is dropped. */
  unexpected(operation: string): CacheError
}
