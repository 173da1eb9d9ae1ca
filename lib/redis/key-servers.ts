import type { Redis } from 'ioredis'
import type { GroupOf } from './compare-and-set.js'

/** A server that has keys, and a connection to it. */
export interface KeyServer {
  /** `host:port`, or any other name where there is one alone. */
  readonly name: string
  /**
   * As user `maintenance` or one with the same rights. Nothing else may use transactions on it meanwhile
   * (compare-and-set.ts).
   */
  readonly client: Redis
}

/** The servers that have keys, as they were found at one moment. */
export interface KeyServers {
  readonly servers: readonly KeyServer[]
  /** Which keys may share a transaction; all of a server where absent. */
  readonly groupOf?: GroupOf | undefined
  /**
   * Which of them has which slots, in their own words; `undefined` while slots are on their way from one to another.
   * The same text before and after a walk says that no key can have gone past it. Rejects with a CacheError.
   */
  readonly slots: () => Promise<string | undefined>
}

/** Finds them anew each time: a Cluster changes while somebody works on it. Rejects with a CacheError. */
export type FindKeyServers = () => Promise<KeyServers>

/** Where all keys are on one server. */
export function oneServer(client: Redis): FindKeyServers {
  const found: KeyServers = {
    servers: [{ name: 'redis', client }],
    slots: () => Promise.resolve('all'),
  }
  return () => Promise.resolve(found)
}
