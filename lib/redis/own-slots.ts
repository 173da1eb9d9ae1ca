import type { Redis } from 'ioredis'
import { fromRedis } from './redis-errors.js'

/** Fields of a line before its slots: id, address, flags, primary, ping, pong, epoch, link (redis.io: CLUSTER NODES). */
const BEFORE_SLOTS = 8

/**
 * What a node of a Cluster says of its own slots: which node it is, since which change of the Cluster, and the slots.
 * Undefined while one of them is on its way, and of a node that is no primary.
 */
export function readOwnSlots(reply: unknown): string | undefined {
  const line = String(reply)
    .split('\n')
    .find((text) => flagsOf(text).includes('myself'))
  if (line === undefined) throw fromRedis(new Error('unexpected reply'), 'CLUSTER')
  const fields = line.trim().split(' ')
  const [id = '', , , , , , epoch = ''] = fields
  const slots = fields.slice(BEFORE_SLOTS)
  // `[3999->-…` leaves, `[3999-<-…` arrives.
  const isMoving = slots.some((slot) => slot.startsWith('['))
  return isMoving || !flagsOf(line).includes('master') ? undefined : [id, epoch, ...slots].join(' ')
}

/** The same of all these nodes together; undefined where one of them has a slot on its way. */
export async function slotsOf(clients: readonly Redis[]): Promise<string | undefined> {
  const replies = await Promise.all(
    clients.map((client) =>
      client.call('CLUSTER', 'NODES').catch((error: unknown) => {
        throw fromRedis(error, 'CLUSTER')
      }),
    ),
  )
  const all = replies.map(readOwnSlots)
  return all.includes(undefined) ? undefined : all.join('\n')
}

function flagsOf(line: string): readonly string[] {
  return (line.split(' ')[2] ?? '').split(',')
}
