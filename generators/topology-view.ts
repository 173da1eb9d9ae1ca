import type { Secret } from '../lib/settings/secret.js'
import type { HostPort, Settings } from '../lib/settings/settings.js'
import { ConfigError } from '../lib/errors.js'
import { serverPath, type Target } from './folder.js'
import { healthCheck } from './health-check.js'
import { usernameOf } from './password-set.js'
import { programsOf, type TargetServer } from './server-version.js'
import {
  QUORUM,
  dataDirectory,
  layoutsOf,
  sentinelNameOf,
  type Layout,
  type SentinelNode,
  type ServerNode,
} from './topology.js'

export interface TopologyInput {
  readonly settings: Settings
  readonly server: TargetServer
  readonly target: Target
  /** The output folder, absolute. */
  readonly out: string
}

/** Sentinel writes its passwords back without quotes, and could not read this one again. */
const SENTINEL_SAFE = /^[!#-&(-~]+$/

/** What redis.conf of several servers says of the others. */
export function replicationOf({ settings, target, out }: TopologyInput) {
  const { topology, profile } = settings.server
  if (topology === 'standalone') return false
  return {
    secretFile: serverPath({ target, out }, 'conf/replication.conf'),
    // With one replica alone its loss would stop all writes; in a Cluster each primary has one.
    boundsLoss: topology === 'sentinel' && profile === 'data',
  }
}

/** What one server has for itself. */
export function serverView(input: TopologyInput, node: ServerNode) {
  const { settings, target, out } = input
  return {
    name: node.name,
    host: node.host,
    port: node.port,
    shared: serverPath({ target, out }, 'conf/redis.conf'),
    directory: dataDirectory({ target, out }, node.folder),
    cluster: settings.server.topology === 'cluster',
    elected: settings.server.topology === 'sentinel',
    follows: node.follows ?? (false as const),
  }
}

/** What one Sentinel has. */
export function sentinelView(input: TopologyInput, node: SentinelNode, primary: HostPort) {
  const { settings, target, out } = input
  const path = (file: string): string => serverPath({ target, out }, `sentinel/${file}`)
  return {
    name: node.name,
    host: node.host,
    port: node.port,
    directory: dataDirectory({ target, out }, node.folder),
    files: {
      cert: path('sentinel.crt'),
      key: path('sentinel.key'),
      ca: path('ca.crt'),
      acl: path('users.acl'),
    },
    watched: { name: sentinelNameOf(settings), host: primary.host, port: primary.port, quorum: QUORUM },
    username: usernameOf(settings, 'sentinel'),
  }
}

/** @throws {ConfigError} ERR_CONFIG_INVALID for a password that a Sentinel could write and not read again */
export function sentinelPassword(password: Secret): string {
  const text = password.reveal()
  if (SENTINEL_SAFE.test(text)) return text
  const name = 'REDIS_SENTINEL_PASSWORD'
  const message =
    'must be of printable ASCII without blanks and quotes: Sentinel writes it back unquoted. Generate one: openssl rand -hex 32'
  throw new ConfigError('ERR_CONFIG_INVALID', `${name} ${message}`, [{ name, message }])
}

/** A server or Sentinel as a service of Compose. */
export function serviceViews(input: TopologyInput, layout: Layout) {
  const { settings, target, out, server } = input
  const programs = programsOf(server.version)
  const elected = settings.server.topology === 'sentinel'
  const isShared = layout.shared
  // Each is asked from inside its own container.
  const check = (node: HostPort, home?: 'sentinel'): readonly string[] => [
    'CMD-SHELL',
    healthCheck({ settings, target, out, programs, home, at: { host: '127.0.0.1', port: node.port } }),
  ]
  const servers = layout.servers.map((node) => {
    const conf = serverPath({ target, out }, node.conf)
    return {
      name: node.name,
      address: isShared ? (false as const) : node.host,
      entrypoint: elected ? ['sh', '/conf/start.sh'] : [programs.server],
      command: elected ? [conf, '/data'] : [conf],
      folder: `./${node.folder}`,
      healthTest: check(node),
    }
  })
  const sentinels = layout.sentinels.map((node) => ({
    name: node.name,
    address: isShared ? (false as const) : node.host,
    entrypoint: ['sh', '/sentinel/start.sh'],
    command: [serverPath({ target, out }, node.conf), '/data'],
    folder: `./${node.folder}`,
    healthTest: check(node, 'sentinel'),
  }))
  return { servers, sentinels, shared: isShared, ports: isShared ? portsOf(layout) : [] }
}

function portsOf({ servers, sentinels }: Layout): readonly number[] {
  return [...servers, ...sentinels].map(({ port }) => port)
}

/** The command that makes one Cluster of servers that run, for a shell in the output folder. */
export function createCommand(input: TopologyInput, { servers }: Layout, composeFile: string) {
  const { settings, target, server } = input
  const { cli, passwordVariables } = programsOf(server.version)
  const local = target === 'local'
  const tls = local
    ? { cacert: 'operator/ca.crt', cert: 'operator/admin.crt', key: 'operator/admin.key' }
    : { cacert: '/tls/ca.crt', cert: '/tls/health.crt', key: '/tls/health.key' }
  const inside = [
    'docker',
    'compose',
    ...(composeFile === '' ? [] : ['-f', composeFile]),
    'exec',
    '-T',
    ...passwordVariables.flatMap((name) => ['-e', name]),
    servers[0].name,
  ]
  return {
    passwordVariables,
    command: [
      ...(local ? [] : inside),
      cli,
      '--no-auth-warning',
      '--user',
      usernameOf(settings, 'admin'),
      ...(settings.redis.tls === undefined
        ? []
        : ['--tls', ...Object.entries(tls).flatMap(([name, file]) => [`--${name}`, file])]),
      '--cluster',
      'create',
      ...servers.map(({ host, port }) => `${host}:${port}`),
      '--cluster-replicas',
      '1',
      '--cluster-yes',
    ],
  }
}

/** A program that runs one server of this machine: its words, paths absolute. */
export interface LocalServer {
  readonly name: string
  readonly words: readonly string[]
}

/** The programs that run the servers of this machine, each in a shell of its own or behind it. */
export function localServers(input: TopologyInput): readonly LocalServer[] {
  const { out, settings, server } = input
  const path = (file: string): string => serverPath({ target: 'local', out }, file)
  const program = programsOf(server.version).server
  const layout = layoutsOf(settings, 'local')?.main
  if (layout === undefined) return [{ name: 'redis', words: [program, path('conf/redis.conf')] }]
  const scripted = (node: ServerNode | SentinelNode, script: string): LocalServer => ({
    name: node.name,
    words: ['sh', path(script), path(node.conf), dataDirectory({ target: 'local', out }, node.folder)],
  })
  return [
    ...layout.servers.map((node) =>
      settings.server.topology === 'sentinel'
        ? scripted(node, 'conf/start.sh')
        : { name: node.name, words: [program, path(node.conf)] },
    ),
    ...layout.sentinels.map((node) => scripted(node, 'sentinel/start.sh')),
  ]
}

/** How the application finds the servers, as variables of its environment; undefined for a single server. */
export function findingVariables(
  input: Pick<TopologyInput, 'settings' | 'target'>,
  which: 'main' | 'development',
): readonly { readonly name: string; readonly value: string }[] | undefined {
  const { settings, target } = input
  const layouts = layoutsOf(settings, target)
  const layout = layouts?.[which] ?? layouts?.main
  if (layout === undefined) return undefined
  // By name where containers have one; what Redis itself names are addresses.
  const hostOf = ({ name, host }: ServerNode | SentinelNode): string => (layout.shared ? host : name)
  const list = (nodes: readonly (ServerNode | SentinelNode)[]): string =>
    nodes.map((node) => `${hostOf(node)}:${node.port}`).join(',')
  const [first] = layout.servers
  const rows: Readonly<
    Record<Exclude<Settings['server']['topology'], 'standalone'>, () => [string, string][]>
  > = {
    replica: () => [
      ['REDIS_HOST', hostOf(first)],
      ['REDIS_PORT', String(first.port)],
    ],
    sentinel: () => [
      ['REDIS_SENTINELS', list(layout.sentinels)],
      ['REDIS_SENTINEL_NAME', sentinelNameOf(settings)],
    ],
    cluster: () => [['REDIS_CLUSTER_NODES', list(layout.servers)]],
  }
  const { topology } = settings.server
  if (topology === 'standalone') return undefined
  return rows[topology]().map(([name, value]) => ({ name, value }))
}
