import { join, resolve } from 'node:path'
import { ConfigError } from '../lib/errors.js'
import type { HostPort, Settings, UserRole } from '../lib/settings/settings.js'
import { composeNetwork } from './compose-identity.js'
import type { Target } from './folder.js'
import { CONTAINER_PORT, listenerOf } from './listener.js'

/** A Redis server of a topology. */
export interface ServerNode extends HostPort {
  /** Of its service and of its files, such as `redis-2`. */
  readonly name: string
  /** Inside the output: what is its own, beside the redis.conf of all. */
  readonly conf: string
  /** Inside the output: the folder that it writes to. */
  readonly folder: string
  /** Whom it follows at its first start; absent for the primary, and in a Cluster, which decides by itself. */
  readonly follows?: HostPort | undefined
}

/** A Sentinel. */
export interface SentinelNode extends HostPort {
  readonly name: string
  /** Inside the output: its sentinel.conf. */
  readonly conf: string
  readonly folder: string
}

/** The servers of one deployment and where each is found. */
export interface Layout {
  /** All behind one address, each with a port of its own. */
  readonly shared: boolean
  readonly servers: readonly [ServerNode, ...ServerNode[]]
  readonly sentinels: readonly SentinelNode[]
}

interface Shape {
  readonly servers: number
  readonly sentinels: number
  /** Servers that follow the first one. */
  readonly replicas: 'all others' | 'none'
  /** Roles whose users only this topology needs. */
  readonly roles: readonly UserRole[]
  /** From a server's port to that of its bus or its Sentinel, the furthest that is used. */
  readonly portSpan: number
}

/** Files of the development layout lie in folders of this name, beside those of the other. */
const DEVELOPMENT_FOLDER = 'dev'
/** From a port of Redis to that of a Sentinel: 26379 is the registered one, 6379 that of Redis. */
export const SENTINEL_OFFSET = 20_000
/** From a port of Redis to that of the Cluster's bus (redis.conf, "cluster-port"). */
export const BUS_OFFSET = 10_000

type TopologyName = Settings['server']['topology']

/** What each topology consists of (redis.io: Sentinel, "three boxes"; Cluster, "at least three primaries"). */
export const SHAPES: Readonly<Record<TopologyName, Shape>> = {
  standalone: { servers: 1, sentinels: 0, replicas: 'none', roles: [], portSpan: 0 },
  replica: { servers: 2, sentinels: 0, replicas: 'all others', roles: ['replica'], portSpan: 0 },
  sentinel: {
    servers: 3,
    sentinels: 3,
    replicas: 'all others',
    roles: ['replica', 'sentinel'],
    portSpan: SENTINEL_OFFSET,
  },
  cluster: { servers: 6, sentinels: 0, replicas: 'none', roles: ['replica'], portSpan: BUS_OFFSET },
}

/** Sentinels that must agree that the primary is away: the majority of three. */
export const QUORUM = 2

/** The name of the primary where the settings give it none. */
const DEFAULT_SENTINEL_NAME = 'cache-primary'

export function sentinelNameOf({ redis }: Settings): string {
  return redis.sentinelName ?? DEFAULT_SENTINEL_NAME
}

/**
 * `deployment` gives each container an address of its own;
 * `shared` puts all of them behind one address, each with a port: on this machine, or in containers that share
 * one network stack, so that a program beside them reaches what they announce.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID where the ports would not end below 65536
 */
function layoutOf(settings: Settings, { kind, inside, host = '127.0.0.1' }: LayoutRequest): Layout {
  const shape = SHAPES[settings.server.topology]
  const place = kind === 'deployment' ? isolated(settings) : beside(settings, shape, host)
  const servers = range(shape.servers).map((index) => ({
    name: `redis-${index + 1}`,
    ...place(index, index, 0),
    conf: `conf/${inside}redis-${index + 1}.conf`,
    folder: `data/${inside}redis-${index + 1}`,
  }))
  const [first, ...others] = servers
  if (first === undefined) throw new TypeError('a topology has at least one server')
  const primary = shape.replicas === 'all others' ? { host: first.host, port: first.port } : undefined
  return {
    shared: kind === 'shared',
    servers: [first, ...others.map((server) => ({ ...server, follows: primary }))],
    sentinels: range(shape.sentinels).map((index) => ({
      name: `sentinel-${index + 1}`,
      ...place(shape.servers + index, index, SENTINEL_OFFSET),
      conf: `sentinel/${inside}sentinel-${index + 1}.conf`,
      folder: `data/${inside}sentinel-${index + 1}`,
    })),
  }
}

interface LayoutRequest {
  readonly kind: 'deployment' | 'shared'
  /** Folder within the folders of files, or nothing. */
  readonly inside: string
  /** The one address; the loopback where absent. */
  readonly host?: string | undefined
}

/** Where the servers of a topology are found. */
export interface Layouts {
  /** Of docker-compose.yml, or of this machine. */
  readonly main: Layout
  /** Of docker-compose.dev.yml; absent for a local server. */
  readonly development?: Layout | undefined
}

/** The layouts of a target; undefined for a single server, which needs none. */
export function layoutsOf(settings: Settings, target: Target): Layouts | undefined {
  if (settings.server.topology === 'standalone') return undefined
  const { nearAddress: host } = listenerOf({ settings, target })
  if (target === 'local') return { main: layoutOf(settings, { kind: 'shared', inside: '', host }) }
  return {
    main: layoutOf(settings, { kind: 'deployment', inside: '' }),
    development: layoutOf(settings, { kind: 'shared', inside: `${DEVELOPMENT_FOLDER}/` }),
  }
}

/** Every server and Sentinel of every layout. */
export function nodesOf(layouts: Layouts | undefined): {
  readonly servers: readonly ServerNode[]
  readonly sentinels: readonly SentinelNode[]
} {
  const all =
    layouts === undefined ? [] : [layouts.main, ...(layouts.development ? [layouts.development] : [])]
  return {
    servers: all.flatMap(({ servers }) => servers),
    sentinels: all.flatMap(({ sentinels }) => sentinels),
  }
}

/** Every name and address that a server or a Sentinel of these layouts is reached by. */
export function namesIn(nodes: readonly (ServerNode | SentinelNode)[]): readonly string[] {
  return [...new Set(nodes.flatMap(({ name, host }) => [name, host]))]
}

/** The folder that a server writes to, as it sees it itself. */
export function dataDirectory(at: { readonly target: Target; readonly out: string }, folder: string): string {
  return at.target === 'local' ? join(resolve(at.out), folder) : '/data'
}

type Place = (nth: number, index: number, offset: number) => HostPort

/** Addresses, not names: a Sentinel and a Cluster speak of addresses, also when a name cannot be resolved. */
function isolated({ redis }: Settings): Place {
  const { address } = composeNetwork(redis.keyPrefix)
  return (nth, _index, offset) => ({ host: address(nth), port: CONTAINER_PORT + offset })
}

function beside(settings: Settings, { servers, portSpan }: Shape, host: string): Place {
  const { port } = settings.redis
  const most = 65_535 - portSpan - (servers - 1)
  if (port > most) {
    const message = `is at most ${most} for ${settings.server.topology}: its other ports follow, up to ${portSpan} above`
    throw new ConfigError('ERR_CONFIG_INVALID', `REDIS_PORT: ${message}`, [{ name: 'REDIS_PORT', message }])
  }
  return (_nth, index, offset) => ({ host, port: port + index + offset })
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index)
}
