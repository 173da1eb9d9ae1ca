import { hostOf } from './address.js'
import { foreignText } from '../foreign-text.js'

/** One entry of ACL LOG: what somebody was refused. Every text in it is made harmless. */
export interface AclLogEntry {
  /** `auth`, `command`, `key` or `channel`. */
  readonly reason: string
  /** The command that was refused. Absent where a key or a channel was: its name is nobody's business here. */
  readonly object: string | undefined
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
export function readAclLog(reply: unknown, hide?: Hide): AclLogEntry[] {
  return Array.isArray(reply) ? reply.flatMap((entry: unknown) => readEntry(entry, hide)) : []
}

/** Hides secrets of ours. */
type Hide = (text: string) => string

function readEntry(entry: unknown, hide: Hide | undefined): AclLogEntry[] {
  if (!Array.isArray(entry)) return []
  const pairs = entry.flatMap((name: unknown, index) =>
    index % 2 === 0 ? [[String(name), String(entry[index + 1])] as const] : [],
  )
  const fields = new Map(pairs)
  const text = (name: string): string => foreignText(fields.get(name) ?? '', { hide })
  return [
    {
      reason: text('reason'),
      object: fields.get('reason') === 'command' ? text('object') : undefined,
      userName: text('username'),
      sourceIp: foreignText(hostOf(/(?:^| )addr=(\S+)/.exec(fields.get('client-info') ?? '')?.[1] ?? '')),
      ageSeconds: Number(fields.get('age-seconds')),
    },
  ]
}
