import { hostOf } from './address.js'
import { foreignText } from './foreign-text.js'

/** One entry of ACL LOG: what somebody was refused. Every text in it is made harmless. */
export interface AclLogEntry {
  /** `auth`, `command`, `key` or `channel`. */
  readonly reason: string
  readonly object: string
  readonly userName: string
  /** Where the client came from, without its port. */
  readonly sourceIp: string
  readonly ageSeconds: number
}

/**
 * Reads ACL LOG. Its text is whatever somebody typed before any login: up to 16 KiB of line ends, escape
 * codes and HTML. Nothing leaves here but through `foreignText`. Counts are not read: entries merge within a
 * minute and are pushed out by floods, so that sums over them are wrong (docs/redis.md).
 */
export function readAclLog(reply: unknown): AclLogEntry[] {
  return Array.isArray(reply) ? reply.flatMap(readEntry) : []
}

function readEntry(entry: unknown): AclLogEntry[] {
  if (!Array.isArray(entry)) return []
  const pairs = entry.flatMap((name: unknown, index) =>
    index % 2 === 0 ? [[String(name), String(entry[index + 1])] as const] : [],
  )
  const fields = new Map(pairs)
  const text = (name: string): string => foreignText(fields.get(name) ?? '')
  return [
    {
      reason: text('reason'),
      object: text('object'),
      userName: text('username'),
      sourceIp: foreignText(hostOf(/(?:^| )addr=(\S+)/.exec(fields.get('client-info') ?? '')?.[1] ?? '')),
      ageSeconds: Number(fields.get('age-seconds')),
    },
  ]
}
