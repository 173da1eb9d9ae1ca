import { RedisError } from '../errors.js'

/** The error of an operation that had to end before its reply came. */
export function lateReply(timeoutMs: number, operation: string): RedisError {
  return new RedisError(
    'ERR_CACHE_TIMEOUT',
    `Redis did not answer within ${timeoutMs} ms: look at its load and the network, or raise CACHE_TIMEOUT_MS`,
    operation.toUpperCase(),
  )
}
