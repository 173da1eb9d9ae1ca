import { CacheError } from '../errors.js'

/** Operations and bytes of one connection that may be pending; above it they fail at once. */
const MAX_PENDING = 4096
const MAX_PENDING_BYTES = 128 * 1024 * 1024

/**
 * Keeps memory bounded whatever the server does: 100 000 writes of 1 KiB issued against a stopped server
 * held 330 MB without a cap. Judged when an operation begins, so that a single large one may exceed it.
 */
export class PendingLimit {
  /** One for all: in a flood an error with a stack of its own would cost more than the write itself. */
  readonly #overloaded = new CacheError(
    'ERR_CACHE_OVERLOADED',
    `${MAX_PENDING} operations or ${MAX_PENDING_BYTES / 2 ** 20} MiB wait for Redis already: look at its load, or send it less at once`,
  )
  #operations = 0
  #bytes = 0

  began(bytes: number): void {
    this.#operations += 1
    this.#bytes += bytes
  }

  ended(bytes: number): void {
    this.#operations -= 1
    this.#bytes -= bytes
  }

  /** Why nothing more may begin. */
  refusal(): CacheError | undefined {
    return this.#operations >= MAX_PENDING || this.#bytes >= MAX_PENDING_BYTES ? this.#overloaded : undefined
  }
}
