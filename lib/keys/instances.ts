import type { Opened } from '../crypto/envelope.js'
import { describeHeader } from '../crypto/header.js'
import { isCacheError, OpenError } from '../errors.js'
import type { FindKeyServers } from '../redis/key-servers.js'
import { walkServers } from './walk.js'

/** The namespace of the heartbeats. */
export const INSTANCE_NAMESPACE = '@instance'
/** A heartbeat older than this is none: its instance has ended, or cannot reach Redis. */
export const HEARTBEAT_SECONDS = 90

/** What a running instance says of itself. Ids, never keys. */
export interface InstanceReport {
  /** Drawn at random when the instance starts. */
  readonly id: string
  /** Where it runs, for people: host name and process id. */
  readonly host: string
  readonly pid: number
  /** ISO 8601. */
  readonly at: string
  /** 32 hex digits: the key that it seals under. */
  readonly primaryKeyId: string
  /** The other keys that it opens. */
  readonly acceptedKeyIds: readonly string[]
}

export interface InstancesReport {
  readonly instances: readonly InstanceReport[]
  /**
   * Heartbeats that do not open under the keys of whoever asks: of an instance with another key, or no heartbeats at
   * all. Their key ids, as the headers say.
   */
  readonly unreadable: readonly string[]
  /** False where slots of a Cluster were moving meanwhile: a heartbeat may have gone past. */
  readonly complete: boolean
}

/** Opens heartbeats: the namespace `@instance` of an envelope. */
export interface InstanceOpener {
  open(key: string, sealed: Uint8Array): Pick<Opened, 'payload'>
}

/**
 * The instances that were alive within the last 90 seconds. Rejects with a CacheError where a server refuses or is
 * away.
 */
export async function readInstances(options: {
  readonly find: FindKeyServers
  readonly keyPrefix: string
  readonly opener: InstanceOpener
}): Promise<InstancesReport> {
  const { find, keyPrefix, opener } = options
  const prefix = `${keyPrefix}${INSTANCE_NAMESPACE}:`
  const instances = new Map<string, InstanceReport>()
  const unreadable: string[] = []
  const seen = new Set<string>()
  const { whole } = await walkServers({
    find,
    prefix,
    keysPerSecond: Number.POSITIVE_INFINITY,
    wants: () => true,
    // Nothing is written: the walk is what reads them.
    change: ({ key, value }) => {
      const id = key.toString().slice(prefix.length)
      if (seen.has(id)) return undefined
      seen.add(id)
      const report = read(opener, id, value)
      if (report === undefined) unreadable.push(describeHeader(value)?.keyId ?? 'none')
      else instances.set(id, report)
      return undefined
    },
  })
  return {
    instances: [...instances.values()].toSorted((a, b) => a.host.localeCompare(b.host)),
    unreadable,
    complete: whole,
  }
}

function read(opener: InstanceOpener, id: string, sealed: Buffer): InstanceReport | undefined {
  try {
    return parse(id, opener.open(id, sealed).payload.toString())
  } catch (error) {
    if (error instanceof OpenError || (isCacheError(error) && error.code === 'ERR_CACHE_KEY'))
      return undefined
    throw error
  }
}

const KEY_ID = /^[0-9a-f]{32}$/

/** Sealed by somebody with the key, but perhaps by another version: what is not as expected counts as unreadable. */
function parse(id: string, text: string): InstanceReport | undefined {
  try {
    const { host, pid, at, primaryKeyId, acceptedKeyIds } = JSON.parse(text) as Partial<
      Record<keyof InstanceReport, unknown>
    >
    const ids: unknown[] = [
      primaryKeyId,
      ...(Array.isArray(acceptedKeyIds) ? (acceptedKeyIds as unknown[]) : ['']),
    ]
    if (!ids.every((keyId) => typeof keyId === 'string' && KEY_ID.test(keyId))) return undefined
    const [primary = '', ...accepted] = ids as string[]
    return {
      id,
      // It ends on a terminal.
      host: printable(host),
      pid: typeof pid === 'number' ? pid : 0,
      at: printable(at),
      primaryKeyId: primary,
      acceptedKeyIds: accepted,
    }
  } catch {
    return undefined
  }
}

function printable(text: unknown): string {
  return typeof text === 'string' ? text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100) : ''
}
