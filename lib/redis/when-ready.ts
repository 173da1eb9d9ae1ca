import { CacheError } from '../errors.js'
import type { ReadyOptions } from '../interface.js'
import type { ConnectionStatus } from './connection-facts.js'
import { isRefusal } from './retry-schedule.js'

const READY_TIMEOUT_MS = 10_000

/** What is asked of a connection that one waits for. */
export interface Awaited {
  readonly status: ConnectionStatus
  readonly lastError: CacheError | undefined
  onStatus(listener: (status: ConnectionStatus) => void): () => void
}

/** The error of every operation after `close()`. */
export function closed(): CacheError {
  return new CacheError('ERR_CACHE_CLOSED', 'the cache was closed: nothing can be read or written any more')
}

/**
 * Resolves once the connection is up. Rejects at once for what waiting cannot cure (login, permission,
 * certificate), and with the last reason when `timeoutMs` (10 000) is over or the signal aborts.
 */
export function whenReady(
  connection: Awaited,
  { timeoutMs = READY_TIMEOUT_MS, signal }: ReadyOptions = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: CacheError) => {
      clearTimeout(timer)
      stop()
      signal?.removeEventListener('abort', giveUp)
      if (error === undefined) resolve()
      else reject(error)
    }
    const giveUp = () => settle(connection.lastError ?? notReady(timeoutMs))
    const look = () => {
      const { status, lastError } = connection
      if (status === 'up') settle()
      else if (status === 'closed') settle(closed())
      else if (status === 'down' && lastError !== undefined && isRefusal(lastError.code)) settle(lastError)
    }
    const timer = setTimeout(giveUp, timeoutMs)
    const stop = connection.onStatus(look)
    signal?.addEventListener('abort', giveUp)
    if (signal?.aborted === true) giveUp()
    else look()
  })
}

function notReady(timeoutMs: number): CacheError {
  return new CacheError(
    'ERR_CACHE_TIMEOUT',
    `Redis was not ready within ${timeoutMs} ms: it is still being tried`,
  )
}
