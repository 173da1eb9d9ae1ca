import { CacheError } from '../errors.js'

/** The keys may still be on their way: one derived from a passphrase takes a fraction of a second. */
export interface KeyReadiness {
  readonly isReady: boolean
  readonly ready: Promise<void>
}

/** Without encryption, or with keys given as bytes, there is nothing to wait for. */
export const KEYS_READY: KeyReadiness = { isReady: true, ready: Promise.resolve() }

/**
 * Does the work once the keys are there, all within the deadline of one operation. Where that passes first the
 * work is not begun: a write that its caller was told has failed must not be applied later.
 */
export function whenReady<R>(keys: KeyReadiness, timeoutMs: number, work: () => Promise<R>): Promise<R> {
  return new Promise<R>((resolve, reject) => {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      reject(
        new CacheError(
          'ERR_CACHE_TIMEOUT',
          'the encryption key is still being derived from its passphrase: await ready() before serving',
        ),
      )
    }, timeoutMs)
    keys.ready
      .then(async () => (isLate ? undefined : work().then(resolve)))
      .catch(reject)
      .finally(() => {
        clearTimeout(timer)
      })
  })
}
