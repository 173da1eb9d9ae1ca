import { join } from 'node:path'
import { ConfigError } from '../lib/errors.js'
import { formatServerVersion, knows } from '../lib/redis/versions.js'
import type { Settings } from '../lib/settings/settings.js'
import { serverPath, type Target } from './folder.js'
import { healthCheck } from './health-check.js'
import { CONTAINER_PORT, listenerOf, listensEverywhere } from './listener.js'
import { usernameOf } from './password-set.js'
import { composeIdentity, composeNetwork } from './compose-identity.js'
import { BACKEND_MOUNT, PRODUCTION_FILE } from './environment-files.js'
import { shellWord } from './quoting.js'
import { programsOf, type TargetServer } from './server-version.js'
import {
  createCommand,
  findingVariables,
  localServers,
  replicationOf,
  serviceViews,
} from './topology-view.js'
import { BUS_OFFSET, SENTINEL_OFFSET, layoutsOf, sentinelNameOf, type Layout } from './topology.js'

const MIB = 1024 * 1024
/** AEAD suites of TLS 1.3 and of 1.2, in the order of redis.conf's tested lines (TLS-005). */
const TLS13_SUITES = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256'
const TLS12_CIPHERS =
  'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256'
/** CACHE_MAX_VALUE_BYTES above this does not fit the buffers of the generated configuration. */
const MAX_VALUE_BYTES = 4 * MIB

/** Beside docker-compose.yml. */
export const DEVELOPMENT_COMPOSE = 'docker-compose.dev.yml'

/** User and group that own what the server reads. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

export interface ViewInput {
  readonly settings: Settings
  readonly server: TargetServer
  readonly target: Target
  /** The output folder, absolute. */
  readonly out: string
  readonly owner: Owner
  /** The command that writes the same files again. */
  readonly command: string
}

export interface NameAndValue {
  readonly name: string
  readonly value: string
}

export type View = ReturnType<typeof buildView>

/**
 * Settings to what the templates place: every decision of the output is made here.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID for settings that this generator cannot turn into files
 */
export function buildView(input: ViewInput) {
  refuseUnsupported(input)
  const { settings, target, server } = input
  return {
    header: {
      version: formatServerVersion(server.version),
      profile: settings.server.profile,
      topology: settings.server.topology,
      target,
      command: input.command,
    },
    knows: {
      enableCommands: knows(server.version, 'enable-protected-configs'),
      maxmemoryClients: knows(server.version, 'maxmemory-clients'),
      busyReplyThreshold: knows(server.version, 'busy-reply-threshold'),
      hideUserData: knows(server.version, 'hide-user-data-from-log'),
    },
    programs: programsOf(server.version),
    watched: sentinelNameOf(settings),
    network: networkOf(input),
    tls: tlsOf(input),
    access: { file: serverPath(input, 'conf/users.acl') },
    memory: memoryOf(settings),
    replication: replicationOf(input),
    cluster: settings.server.topology === 'cluster',
    persistence: {
      directory: serverPath(input, 'data'),
      appendOnly: settings.server.profile === 'data',
    },
    compose: composeOf(input),
    developmentCompose: developmentComposeOf(input),
    ...severalOf(input),
    policy: policyOf(input),
    guide: guideOf(input),
  }
}

/** Compose files and commands of several servers; false for one. */
function severalOf(input: ViewInput) {
  const layouts = layoutsOf(input.settings, input.target)
  if (layouts === undefined) return { layouts, several: false as const, developmentSeveral: false as const }
  return {
    layouts,
    several: severalServers(input, layouts.main, ''),
    developmentSeveral:
      layouts.development === undefined
        ? (false as const)
        : severalServers(input, layouts.development, DEVELOPMENT_COMPOSE),
  }
}

function severalServers(input: ViewInput, layout: Layout, file: string) {
  const { settings } = input
  const { maxMemoryBytes } = settings.server
  const compose = file === '' ? composeOf(input) : developmentComposeOf(input)
  const { subnet, othersRange } = composeNetwork(settings.redis.keyPrefix)
  return {
    ...compose,
    ...serviceViews(input, layout),
    subnet,
    othersRange,
    memoryLimit: Math.max(2 * maxMemoryBytes, maxMemoryBytes + 256 * MIB),
    sentinelMemoryLimit: 64 * MIB,
    create: settings.server.topology === 'cluster' ? createCommand(input, layout, file) : (false as const),
    createCommand: settings.server.topology === 'cluster' ? `sh ${createScript(file)}` : '',
  }
}

/** The script that makes a Cluster of the servers of a Compose file. */
export function createScript(file: string): string {
  return file === '' ? 'create-cluster.sh' : 'create-cluster.dev.sh'
}

/** Ports that the pods of a deployment offer to clients and to each other. */
function policyOf({ settings }: ViewInput) {
  const { topology } = settings.server
  const offered: Readonly<Record<typeof topology, readonly number[]>> = {
    standalone: [CONTAINER_PORT],
    replica: [CONTAINER_PORT],
    sentinel: [CONTAINER_PORT, CONTAINER_PORT + SENTINEL_OFFSET],
    cluster: [CONTAINER_PORT],
  }
  const ports = offered[topology]
  return {
    several: topology !== 'standalone',
    ports,
    peerPorts: topology === 'cluster' ? [...ports, CONTAINER_PORT + BUS_OFFSET] : ports,
  }
}

/** Of the one server. */
function check(input: ViewInput): string {
  return healthCheck({ ...input, programs: programsOf(input.server.version) })
}

function networkOf(input: ViewInput) {
  const { settings, target } = input
  const { bind, port } = listenerOf(input)
  return {
    bind,
    port,
    bindReason:
      target === 'container'
        ? 'all of the container, which is on an isolated network alone'
        : 'this machine alone, unless REDIS_BIND_ADDRESS says otherwise',
    protectedMode: settings.server.protectedMode,
    plaintextReason: settings.devMode ? 'REDIS_DEV_MODE is on' : 'REDIS_UNSAFE_NO_TLS is set',
  }
}

function tlsOf(input: ViewInput) {
  const tls = input.settings.redis.tls
  if (tls === undefined) return false
  const compatible = tls.profile === 'compatible'
  return {
    compatible,
    cert: serverPath(input, 'tls/server.crt'),
    key: serverPath(input, 'tls/server.key'),
    ca: serverPath(input, 'tls/ca.crt'),
    protocols: compatible ? 'TLSv1.2 TLSv1.3' : 'TLSv1.3',
    protocolsReason: compatible
      ? 'TLS 1.2 for older clients, because REDIS_TLS_PROFILE is compatible'
      : 'TLS 1.3 alone; clients without it need REDIS_TLS_PROFILE=compatible',
    ciphersuites: TLS13_SUITES,
    ciphers: TLS12_CIPHERS,
  }
}

function memoryOf({ server, cache }: Settings) {
  return {
    max: server.maxMemory,
    policy: server.profile === 'data' ? 'noeviction' : 'allkeys-lfu',
    policyReason:
      server.profile === 'data'
        ? 'Data is not thrown away: writes fail once memory is full'
        : 'A cache drops what is used least, and goes on',
    clients: Math.max(64 * MIB, Math.ceil(server.maxMemoryBytes / 4)),
    maxBulk: Math.max(MIB, 2 * cache.maxValueBytes),
  }
}

function composeOf(input: ViewInput) {
  const { settings, server, owner } = input
  const { maxMemoryBytes } = settings.server
  return {
    image: server.release?.image ?? '',
    user: `${owner.uid}:${owner.gid}`,
    persistent: settings.server.profile === 'data',
    dataTmpfs: `/data:mode=0700,uid=${owner.uid},gid=${owner.gid},size=16m`,
    // One and a half times the data; for small ones what the process itself and its buffers take.
    memoryLimit: Math.max(Math.ceil(maxMemoryBytes * 1.5), maxMemoryBytes + 128 * MIB),
    ...composeIdentity(settings.redis.keyPrefix),
    startCommand: 'docker compose up -d',
    statusCommand: 'docker compose ps',
    /** Nobody outside the network reaches the production server (CMP-001). */
    publishedPort: '',
    entrypoint: programsOf(server.version).server,
    healthTest: ['CMD-SHELL', check(input)],
    backendEnvironmentFile: PRODUCTION_FILE,
    backendMount: BACKEND_MOUNT,
  }
}

/** The same server beside an application that runs outside of Docker: its port on loopback, its network not internal. */
function developmentComposeOf(input: ViewInput) {
  const compose = composeOf(input)
  const command = `docker compose -f ${DEVELOPMENT_COMPOSE}`
  return {
    ...compose,
    // Beside the production project on one machine, not in its place.
    project: `${compose.project}-dev`,
    startCommand: `${command} up -d`,
    statusCommand: `${command} ps`,
    publishedPort: String(input.settings.redis.port),
  }
}

function guideOf(input: ViewInput) {
  const { settings } = input
  const file = (name: string) => `app/${name}`
  const tls = [
    { name: 'REDIS_TLS_CA_FILE', value: file('ca.crt') },
    { name: 'REDIS_TLS_CERT_FILE', value: file('client.crt') },
    { name: 'REDIS_TLS_KEY_FILE', value: file('client.key') },
  ]
  return {
    ...commandsOf(input),
    applicationEnvironment: [
      ...(findingVariables(input, 'main') ?? []),
      { name: 'REDIS_CACHE_USERNAME', value: usernameOf(settings, 'cache') },
      { name: 'REDIS_CACHE_PASSWORD_FILE', value: file('cache_password') },
      { name: 'REDIS_MONITOR_PASSWORD_FILE', value: file('monitor_password') },
      { name: 'REDIS_MAINTENANCE_PASSWORD_FILE', value: file('maintenance_password') },
      ...(settings.redis.tls === undefined ? [] : tls),
    ],
  }
}

/** What a person types to start the servers and to look whether they work. */
function commandsOf(input: ViewInput) {
  const { settings, target, server } = input
  const layouts = layoutsOf(settings, target)
  const development = `docker compose -f ${DEVELOPMENT_COMPOSE} up -d`
  const cluster = settings.server.topology === 'cluster'
  const first = layouts?.main.servers[0]
  const healthy = `${healthCheck({ ...input, programs: programsOf(server.version), at: target === 'local' ? first : undefined })} && echo healthy`
  if (target === 'container') {
    return {
      start: ['docker compose up -d'],
      create: cluster ? `sh ${createScript('')}` : '',
      development,
      developmentCreate: cluster ? `sh ${createScript(DEVELOPMENT_COMPOSE)}` : '',
      verify: [`docker compose exec ${first?.name ?? 'redis'} sh -c ${shellWord(healthy)}`],
    }
  }
  return {
    start: localServers(input).map(({ words }) => words.map(shellWord).join(' ')),
    create: cluster ? `sh ${shellWord(join(input.out, createScript('')))}` : '',
    development: '',
    developmentCreate: '',
    verify: [healthy],
  }
}

function refuseUnsupported({ settings, target }: ViewInput): void {
  const { server, cache } = settings
  if (server.topology !== 'standalone' && target === 'container' && !listensEverywhere(settings)) {
    throw invalid('REDIS_BIND_ADDRESS', 'several containers share it: remove it, or write 0.0.0.0')
  }
  if (cache.maxValueBytes > MAX_VALUE_BYTES) {
    throw invalid('CACHE_MAX_VALUE_BYTES', 'is at most 4 MiB with the generated configuration: lower it')
  }
  if (!(server.maxMemoryBytes > 0)) {
    throw invalid('REDIS_MAX_MEMORY', 'must be above 0, such as 256mb: 0 means no limit (LIM-001)')
  }
}

function invalid(name: string, message: string): ConfigError {
  return new ConfigError('ERR_CONFIG_INVALID', `${name}: ${message}`, [{ name, message }])
}
