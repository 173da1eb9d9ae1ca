import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { roleOf } from '../../lib/access/roles.js'
import type { RedisSettings, UserRole } from '../../lib/settings/settings.js'
import type { RunningRedis } from './redis-server.js'
import { startRedis } from './redis-server.js'
import { until } from './until.js'

const HOST = '127.0.0.1'

/** Six nodes, three of them primaries, over mutual TLS, the bus included. Whoever starts it stops it. */
export interface RunningCluster {
  readonly nodes: readonly [RunningRedis, ...RunningRedis[]]
  /** How the application's own user connects. */
  readonly settings: RedisSettings
  /** From now on a node that is silent for a second is lost. */
  impatient(): Promise<void>
  stop(): Promise<void>
}

export async function startCluster(): Promise<RunningCluster> {
  const config = {
    'cluster-enabled': 'yes',
    // A busy machine is no lost node; who loses one on purpose says `impatient()` before.
    'cluster-node-timeout': '60000',
    'cluster-require-full-coverage': 'no',
    'cluster-announce-ip': HOST,
    'tls-cluster': 'yes',
    'tls-replication': 'yes',
    'repl-diskless-sync-delay': '0',
  }
  const first = await startRedis({ config })
  const { passwords } = first
  const replication = { masteruser: 'admin', masterauth: `"${passwords.admin}"` }
  const rest = await Promise.all(
    [2, 3, 4, 5, 6].map(() => startRedis({ config: { ...config, ...replication }, passwords })),
  )
  const nodes: [RunningRedis, ...RunningRedis[]] = [first, ...rest]
  for (const node of nodes) {
    const admin = node.admin()
    await admin.config('SET', 'masteruser', 'admin')
    await admin.config('SET', 'masterauth', passwords.admin)
    for (const role of ['cache', 'maintenance'] satisfies UserRole[]) {
      const { username, features } = roleOf(role)
      await admin.acl('SETUSER', username, ...(features.cluster ?? []).map((command) => `+${command}`))
    }
  }
  await create(nodes)
  await until(
    'every node knows the whole Cluster',
    async () => {
      const infos = await Promise.all(nodes.map((node) => node.admin().cluster('INFO')))
      return infos.every((info) => /cluster_state:ok/.test(info) && /cluster_known_nodes:6/.test(info))
    },
    30_000,
  )
  await until(
    'every primary has a replica',
    async () => {
      const infos = await Promise.all(nodes.map((node) => node.admin().info('replication')))
      return infos.filter((info) => /role:slave[\s\S]*master_link_status:up/.test(info)).length === 3
    },
    30_000,
  )
  return {
    nodes,
    settings: {
      ...first.settings,
      topology: 'cluster',
      host: 'not-used.invalid',
      port: 1,
      clusterNodes: nodes.slice(0, 3).map(({ host, port }) => ({ host, port })),
    },
    async impatient() {
      await Promise.all(nodes.map((node) => node.admin().config('SET', 'cluster-node-timeout', '1000')))
    },
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
}

async function create(nodes: readonly [RunningRedis, ...RunningRedis[]]): Promise<void> {
  const [{ folder, passwords }] = nodes
  const child = spawn(
    'redis-cli',
    [
      '--no-auth-warning',
      ...words('--user admin --tls --cluster-replicas 1 --cluster-yes'),
      '--cacert',
      join(folder, 'ca.crt'),
      '--cert',
      join(folder, 'server.crt'),
      '--key',
      join(folder, 'server.key'),
      '--cluster',
      'create',
      ...nodes.map(({ port }) => `${HOST}:${port}`),
    ],
    { env: { ...process.env, REDISCLI_AUTH: passwords.admin }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const [code] = (await once(child, 'exit')) as [number]
  if (code !== 0) throw new Error(`redis-cli --cluster create ended with ${code}:\n${output.slice(-2000)}`)
}

function words(text: string): readonly string[] {
  return text.split(' ')
}
