import type { CacheError } from '../errors.js'
import type { HostPort } from '../settings/settings.js'
import type { RedisConnection } from './connection.js'
import { LeanCommand } from './lean-command.js'
import { fromRedis } from './redis-errors.js'
import { isRefusal } from './retry-schedule.js'
import type { SlotMap } from './slot-map.js'
import { readSlotMap } from './slot-map.js'

/** One node that is silent must not use up the time that another would have answered in. */
export const NODE_TIMEOUT_MS = 1000

export interface AskParts {
  /** Connections that work. */
  readonly connected: readonly RedisConnection[]
  /** Nodes without one, in this order. */
  readonly others: readonly HostPort[]
  readonly open: (address: HostPort) => RedisConnection
  /** For one node. */
  readonly timeoutMs: number
}

/**
 * Asks one node after the other which node serves which slot, until one says. The reason is the first one
 * that was met; a refused login ends the round, because each node would only count one more.
 */
export async function askForSlots(
  parts: AskParts,
): Promise<{ readonly map?: SlotMap; readonly error?: CacheError }> {
  let error: CacheError | undefined
  const { timeoutMs } = parts
  for (const connection of parts.connected) {
    try {
      return { map: await ask(connection, timeoutMs) }
    } catch (failure) {
      error ??= fromRedis(failure, 'CLUSTER')
    }
  }
  for (const address of parts.others) {
    const connection = parts.open(address)
    try {
      await connection.ready({ timeoutMs })
      return { map: await ask(connection, timeoutMs) }
    } catch (failure) {
      const ours = fromRedis(failure, 'CLUSTER')
      error ??= ours
      if (isRefusal(ours.code)) return { error: ours }
    } finally {
      void connection.close()
    }
  }
  return error === undefined ? {} : { error }
}

function ask(connection: RedisConnection, timeoutMs: number): Promise<SlotMap> {
  return new Promise((resolve, reject) => {
    const silent = Object.assign(new Error('silent'), { code: 'ETIMEDOUT' })
    const timer = setTimeout(() => reject(silent), timeoutMs)
    connection.send(
      new LeanCommand('cluster', ['slots'], {
        replied(reply) {
          clearTimeout(timer)
          const map = readSlotMap(reply, connection.address)
          if (map === undefined || map.nodes.length === 0) reject(new Error('CLUSTERDOWN no slots'))
          else resolve(map)
        },
        failed(error) {
          clearTimeout(timer)
          reject(fromRedis(error, 'CLUSTER'))
        },
      }),
    )
  })
}
