import type { Redis } from 'ioredis'
import { fromRedis } from '../redis/redis-errors.js'
import { readNodeAddress } from '../redis/server-address.js'
import type { HostPort } from '../settings/settings.js'

/** What a server says of the others, in its own words. */
export interface ServersSeen {
  /** All of them, itself included: users are copied by none of them to the others. */
  readonly servers: readonly HostPort[]
  /** Whom it follows, where it is a replica: ask there, for a replica knows nobody else. */
  readonly follows: HostPort | undefined
}

/**
 * The servers of a deployment, as one of them knows them: the nodes of a Cluster, or a primary and its replicas. As a
 * user that may INFO and CLUSTER NODES. Rejects with a CacheError.
 *
 * @param self where the connection leads, for a server that does not know its own address
 */
export async function readServers(client: Redis, self: HostPort): Promise<ServersSeen> {
  const cluster = fieldsOf(await ask(client, ['INFO', 'cluster']))
  if (cluster.get('cluster_enabled') === '1') {
    return { servers: await clusterNodes(client, self), follows: undefined }
  }
  const replication = fieldsOf(await ask(client, ['INFO', 'replication']))
  const follows = readNodeAddress(
    replication.get('master_host') ?? '',
    replication.get('master_port') ?? '',
    self,
  )
  const replicas = [...replication]
    .filter(([name]) => /^slave\d+$/.test(name))
    .map(([, text]) => replicaOf(text, self))
  return { servers: [self, ...replicas.filter((address) => address !== undefined)], follows }
}

/**
 * Every node that the Cluster knows, those that serve nothing and those that are away as well: CLUSTER SLOTS leaves
 * them out, and they would come back with their old users.
 */
async function clusterNodes(client: Redis, self: HostPort): Promise<readonly HostPort[]> {
  const lines = String(await ask(client, ['CLUSTER', 'NODES'])).split('\n')
  return lines.map((line) => nodeOf(line, self)).filter((address) => address !== undefined)
}

/** `<id> 10.0.0.2:6379@16379,host-2 master …`; no host where it does not know its own (redis.io: CLUSTER NODES). */
function nodeOf(line: string, self: HostPort): HostPort | undefined {
  const [, , host = '', port = ''] = /^(\S+) (\S*):(\d+)@/.exec(line) ?? []
  return readNodeAddress(host, port, self)
}

/** `ip=10.0.0.2,port=6379,state=online,…` (redis.io: INFO, replication). */
function replicaOf(text: string, self: HostPort): HostPort | undefined {
  const fields = new Map(text.split(',').map((pair): [string, string] => split(pair, '=')))
  return readNodeAddress(fields.get('ip') ?? '', fields.get('port') ?? '', self)
}

function fieldsOf(reply: unknown): ReadonlyMap<string, string> {
  return new Map(
    String(reply)
      .split('\r\n')
      .map((line): [string, string] => split(line, ':')),
  )
}

function split(text: string, sign: string): [string, string] {
  const at = text.indexOf(sign)
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

async function ask(client: Redis, [command, ...args]: readonly [string, ...string[]]): Promise<unknown> {
  try {
    return await client.call(command, ...args)
  } catch (error) {
    throw fromRedis(error, command)
  }
}
