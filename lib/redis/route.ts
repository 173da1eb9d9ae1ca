import type { HostPort } from '../settings/settings.js'
import type { RedisConnection } from './connection.js'
import type { OpenConnectionOptions } from './open-options.js'
import { openConnection } from './connection.js'
import type { Direction } from './lane.js'
import { Lane } from './lane.js'
import type { Sendable } from './send-window.js'

/** What a store, and whoever looks at it, needs of its connection, be it one or those to the nodes of a Cluster. */
export type StoreConnection = Pick<
  RedisConnection,
  | 'status'
  | 'lastError'
  | 'address'
  | 'deadline'
  | 'onStatus'
  | 'call'
  | 'facts'
  | 'ready'
  | 'renew'
  | 'doubt'
  | 'dropDamaged'
  | 'close'
>

/** How commands get to the server that has their keys. */
export interface Route {
  readonly connection: StoreConnection
  /** Keys of one group may travel in one command. */
  groupOf(key: string): number
  offer(direction: Direction, group: number, item: Sendable): void
  /** Whether commands of this direction are on their way, to whichever server. */
  isBusy(direction: Direction): boolean
  /** Every server that has keys, where there are several. */
  readonly servers?: readonly HostPort[]
  /** The one that has this key; undefined where nobody serves it. */
  ownerOf?(key: string): HostPort | undefined
}

/** One server, or whichever is the primary: all keys are there. */
export function openSingleRoute(options: OpenConnectionOptions): Route {
  const lane = new Lane(openConnection(options))
  return {
    connection: lane.connection,
    groupOf: () => 0,
    offer: (direction, _group, item) => lane.offer(direction, item),
    isBusy: (direction) => lane.isBusy(direction),
  }
}
