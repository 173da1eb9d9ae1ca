import { LRUCache } from 'lru-cache'

/** Where nothing is known yet: sixteen keys fill the first batch of 4 MiB, and then it is known. */
const UNKNOWN_BYTES = 256 * 1024
const NAMESPACES = 1000
/** A larger value than expected counts soon, a smaller one slowly: too low is what hurts. */
const RISE = 1 / 2
const FALL = 1 / 16

/** Running mean of the size of values, by namespace, to know what a read will bring before it is sent. */
export class SizeEstimates {
  readonly #means = new LRUCache<string, number>({ max: NAMESPACES })
  readonly #prefixLength: number

  constructor(keyPrefix: string) {
    this.#prefixLength = keyPrefix.length
  }

  /** Bytes that the value of this key probably has. */
  of(key: string): number {
    return this.#means.get(this.#namespace(key)) ?? UNKNOWN_BYTES
  }

  /** A value of this key was seen on its way. */
  saw(key: string, bytes: number): void {
    const namespace = this.#namespace(key)
    const mean = this.#means.get(namespace)
    const weight = mean !== undefined && bytes < mean ? FALL : RISE
    this.#means.set(namespace, mean === undefined ? bytes : mean + (bytes - mean) * weight)
  }

  /** A key is prefix, namespace, `:`, name; a namespace holds no colon (vocabulary: keys in Redis). */
  #namespace(key: string): string {
    const end = key.indexOf(':', this.#prefixLength)
    return end === -1 ? '' : key.slice(this.#prefixLength, end)
  }
}
