/** What tells whether the server's counters went on or began anew. */
export interface CounterEpoch {
  /** Changes at each start of the server. */
  readonly runId: string
  /** Counters that grow with whatever anybody does, our own questions included. */
  readonly alongside: readonly number[]
}

/**
 * A start of the server, or CONFIG RESETSTAT. The run id tells of the first alone, and a counter of failures may have
 * passed its old height again before the next look: its neighbours, which are larger, have not.
 */
export function beganAnew(before: CounterEpoch, after: CounterEpoch): boolean {
  return (
    after.runId !== before.runId ||
    after.alongside.some((count, index) => count < (before.alongside[index] ?? 0))
  )
}

/** What one INFO tells that matters here. Counters run since the server's start. */
export interface ServerInfo extends CounterEpoch {
  readonly version: string
  /** The plaintext port, or the TLS port where there is no plaintext port. */
  readonly tcpPort: number
  /** Logins refused for user or password, by anyone. */
  readonly failedLogins: number
  /** Commands, keys and channels refused to a user who is logged in. */
  readonly denials: number
  /** Connections refused because `maxclients` was reached. */
  readonly rejectedConnections: number
  readonly evictedKeys: number
}

const ALONGSIDE = ['total_commands_processed', 'total_connections_received', 'total_net_input_bytes'] as const

/**
 * Reads INFO. Redis 7.2 counts failed logins by themselves; before, each WRONGPASS answer was one
 * (docs/redis.md). NOAUTH is another counter and is not read: our own probe moves it at every look.
 */
export function readServerInfo(text: string): ServerInfo {
  const fields = new Map(
    text.split(/\r?\n/).map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1)] as const
    }),
  )
  const number = (name: string): number => Number(fields.get(name) ?? 0)
  const errors = (name: string): number =>
    Number(/^count=(\d+)/.exec(fields.get(`errorstat_${name}`) ?? '')?.[1] ?? 0)
  const counts = fields.has('acl_access_denied_auth')
  return {
    runId: fields.get('run_id') ?? '',
    alongside: ALONGSIDE.map(number),
    version: fields.get('redis_version') ?? '',
    tcpPort: number('tcp_port'),
    failedLogins: counts ? number('acl_access_denied_auth') : errors('WRONGPASS'),
    denials: counts
      ? number('acl_access_denied_cmd') +
        number('acl_access_denied_key') +
        number('acl_access_denied_channel')
      : errors('NOPERM'),
    rejectedConnections: number('rejected_connections'),
    evictedKeys: number('evicted_keys'),
  }
}
