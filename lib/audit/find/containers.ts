import { posix } from 'node:path'

import type { FolderFacts } from '../facts.js'
import type { ComposeFile, ComposeService } from '../formats/compose.js'
import { lastDirective, memoryBytes, type RedisConf } from '../formats/redis-conf.js'
import { pairsOf, textsOf, under, type YamlNode, type YamlScalar } from '../formats/yaml-tree.js'
import type { Position } from '../position.js'
import type { Hit } from '../rule.js'
import { printable } from './names.js'
import { confsOf, type Find } from './settings.js'

export interface PlacedService {
  readonly compose: ComposeFile
  readonly service: ComposeService
}

/** Every service: what endangers the host endangers its neighbours. */
export function servicesOf(facts: FolderFacts): readonly PlacedService[] {
  return facts.composes.flatMap((compose) => compose.services.map((service) => ({ compose, service })))
}

/** Redis services: what they have is judged wherever it stands. */
export function redisServices(facts: FolderFacts): readonly PlacedService[] {
  return servicesOf(facts).filter(({ service }) => service.redis)
}

/** Those that are given in full: one that completes another lacks nothing by what it leaves out. */
function wholeRedisServices(facts: FolderFacts): readonly PlacedService[] {
  return redisServices(facts).filter(({ service }) => !service.partial)
}

/** A rule on every service, about what it has. */
export function inServices(judge: (service: ComposeService) => Iterable<Hit>): Find {
  return function* findInServices(facts) {
    for (const { service } of servicesOf(facts)) yield* judge(service)
  }
}

/** A rule on Redis services, about what they lack: points at what says so, else at the service's name. */
export function lacking(
  lacks: (service: ComposeService, placed: PlacedService) => boolean | Position,
  message: string,
): Find {
  return function* findLacking(facts) {
    for (const placed of wholeRedisServices(facts)) {
      const { service } = placed
      const found = lacks(service, placed)
      if (found === false) continue
      yield {
        at: found === true ? service.at : found,
        message: `service ${printable(service.name)} ${message}`,
      }
    }
  }
}

/** The scalar under a path of a service. */
export function scalarOf(service: ComposeService, ...path: readonly string[]): YamlScalar | undefined {
  const node = under(service.node, ...path)
  return node?.kind === 'scalar' && node.value !== null ? node : undefined
}

function listOf(service: ComposeService, key: string): readonly YamlScalar[] {
  return textsOf(under(service.node, key))
}

const isTrue = (scalar: YamlScalar | undefined): boolean =>
  scalar !== undefined && /^(?:true|yes|on)$/i.test(scalar.text)
const LOOPBACK = /^(?:127(?:\.\d+){3}|::1|localhost)$/

/** The service whose network this one is in: its own, or what `network_mode: service:NAME` names. */
function networkOwner(compose: ComposeFile, service: ComposeService): ComposeService {
  const [, name] = /^service:(.+)$/.exec(scalarOf(service, 'network_mode')?.text ?? '') ?? []
  return (name === undefined ? undefined : compose.byName.get(name)) ?? service
}

/** CMP-001 */
export const publishedPort: Find = function* (facts) {
  const inNetworkOf = new Set(
    redisServices(facts).map(({ compose, service }) => networkOwner(compose, service)),
  )
  for (const { compose, service } of servicesOf(facts)) {
    if (!service.redis && !inNetworkOf.has(service)) continue
    for (const { at, hostAddress } of service.ports) {
      if (hostAddress === 'open') {
        const message = `service ${printable(service.name)} publishes a port on an address that this file leaves open`
        yield { at, message }
      } else if (hostAddress === undefined || /^(?:0\.0\.0\.0|::|)$/.test(hostAddress)) {
        const message = `service ${printable(service.name)} publishes a port on every address of the host`
        yield { at, message, severity: 'critical' }
      } else if (!(compose.development && LOOPBACK.test(hostAddress))) {
        yield { at, message: `service ${printable(service.name)} publishes a port of Redis` }
      }
    }
  }
}

/** A development file whose port is bound to loopback: an internal network could not publish it. */
function loopbackForDevelopment({ compose, service }: PlacedService): boolean {
  return (
    compose.development &&
    service.ports.length > 0 &&
    service.ports.every(({ hostAddress }) => hostAddress !== undefined && LOOPBACK.test(hostAddress))
  )
}

function networkNode(compose: ComposeFile, name: string): YamlNode | undefined {
  return under(compose.tree.root, 'networks', name)
}

/** CMP-002 */
export const noInternalNetwork: Find = lacking((given, { compose }) => {
  const service = networkOwner(compose, given)
  if (loopbackForDevelopment({ compose, service })) return false
  if (scalarOf(service, 'network_mode')?.text === 'none') return false
  const internal = service.networks.every((name) => {
    const [flag] = textsOf(under(networkNode(compose, name), 'internal'))
    // What another file or another project defines cannot be judged here.
    return isTrue(flag) || isTrue(textsOf(under(networkNode(compose, name), 'external'))[0])
  })
  return service.networks.length === 0 || !internal
}, 'is on a network that leads outside: give it one with internal: true')

/** CMP-003 */
export const icc: Find = function* (facts) {
  for (const { compose, service } of redisServices(facts)) {
    for (const name of service.networks) {
      const options = under(networkNode(compose, name), 'driver_opts')
      const option = pairsOf(options).find((pair) => pair.name === 'com.docker.network.bridge.enable_icc')
      if (option?.value === 'false') {
        const message = 'enable_icc false on the network that the application shares cuts it off from Redis'
        yield { at: option.at, message }
      }
    }
  }
}

/** CMP-004 */
export const privileged: Find = inServices(function* (service) {
  const flag = scalarOf(service, 'privileged')
  if (flag !== undefined && isTrue(flag)) {
    yield { at: flag.at, message: `service ${printable(service.name)} is privileged: it is root on the host` }
  }
})

/** CMP-005 */
export const keepsCapabilities: Find = lacking(
  (service) => !listOf(service, 'cap_drop').some(({ text }) => text.toUpperCase() === 'ALL'),
  'keeps capabilities that Redis does not need: cap_drop: [ALL]',
)

/** CMP-006 */
export const writable: Find = lacking((service) => {
  const flag = scalarOf(service, 'read_only')
  return !isTrue(flag) && (flag?.at ?? true)
}, 'has a writable root file system: read_only: true with a tmpfs')

/** CMP-007 */
export const newPrivileges: Find = lacking(
  (service) =>
    !listOf(service, 'security_opt').some(({ text }) => /^no-new-privileges(?:[:=]true)?$/.test(text)),
  'may gain privileges: security_opt: ["no-new-privileges:true"]',
)

/** CMP-008 */
export const noUser: Find = lacking(
  (service) => scalarOf(service, 'user') === undefined,
  'names no user: the image begins as root',
)

/** CFG-014 */
export const rootUser: Find = function* (facts) {
  for (const { service } of redisServices(facts)) {
    const user = scalarOf(service, 'user')
    if (user !== undefined && /^(?:0|root)(?::|$)/.test(user.text)) {
      yield { at: user.at, message: `service ${printable(service.name)} runs as root` }
    }
  }
}

/** Bytes of a Compose size such as `512m` or `1gb` (1024-based, as docker reads them). */
function composeBytes(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*([bkmgt])?b?$/i.exec(text) ?? []
  const power = ['', 'k', 'm', 'g', 't'].indexOf(unit.toLowerCase() === 'b' ? '' : unit.toLowerCase())
  return amount === undefined ? undefined : Number(amount) * 1024 ** power
}

/** CMP-009 */
export const memoryLimit: Find = function* (facts) {
  for (const placed of redisServices(facts)) {
    const { service } = placed
    const limit =
      scalarOf(service, 'mem_limit') ?? scalarOf(service, 'deploy', 'resources', 'limits', 'memory')
    if (limit === undefined) {
      if (!service.partial) {
        yield { at: service.at, message: `service ${printable(service.name)} has no memory limit` }
      }
      continue
    }
    const bytes = composeBytes(limit.text)
    const most = Math.max(0, ...maxmemoryOf(facts, placed))
    if (bytes !== undefined && most > 0 && bytes <= most) {
      const message =
        'the memory limit leaves nothing beside maxmemory: the system kills the server (1.5 times is usual)'
      yield { at: limit.at, message }
    }
  }
}

/** maxmemory of the configurations that a service mounts; of all, where none shows. */
function maxmemoryOf(facts: FolderFacts, { service }: PlacedService): readonly number[] {
  const paths = new Map(facts.files.map(({ path, inFolder }) => [path, inFolder]))
  const isMounted = ({ path }: RedisConf): boolean =>
    service.mounts.some(
      ({ inFolder }) => inFolder !== undefined && paths.get(path)?.startsWith(inFolder) === true,
    )
  const confs = confsOf(facts)
  const mounted = confs.filter(isMounted)
  // A Sentinel holds no data.
  if (mounted.length === 0 && confsOf(facts, 'sentinel').some(isMounted)) return []
  // One folder may hold the configurations of several services: the command names this one's.
  const named = mounted.filter(({ path }) =>
    service.command.some(({ text }) => posix.basename(text) === posix.basename(path)),
  )
  return (
    [named, mounted, confs]
      .find((list) => list.length > 0)
      ?.flatMap((conf) => memoryBytes(lastDirective(conf, 'maxmemory')?.args[0]?.value) ?? []) ?? []
  )
}

/** CMP-010 */
export const noPidsLimit: Find = lacking(
  (service) =>
    scalarOf(service, 'pids_limit') === undefined &&
    scalarOf(service, 'deploy', 'resources', 'limits', 'pids') === undefined,
  'has no limit of processes: pids_limit',
)

/** CMP-016 */
export const unpinnedImage: Find = function* (facts) {
  for (const { service } of redisServices(facts)) {
    const { image } = service
    if (image === undefined || image.digest || image.open || image.release?.patch !== undefined) continue
    const message = `the image of service ${printable(service.name)} is not pinned: name a full version or a digest`
    yield { at: image.at, message }
  }
}

/** CMP-017 */
export const dockerSocket: Find = inServices(function* (service) {
  for (const { at, source } of service.mounts) {
    if (/(?:^|\/)docker\.sock$/.test(source)) {
      yield {
        at,
        message: `service ${printable(service.name)} reaches the Docker daemon: it is root on the host`,
      }
    }
  }
})

/** CMP-018 */
export const hostNamespaces: Find = inServices(function* (service) {
  for (const key of ['network_mode', 'pid', 'ipc']) {
    const value = scalarOf(service, key)
    if (value?.text === 'host') {
      yield {
        at: value.at,
        message: `service ${printable(service.name)} shares the host's ${key.replace('_mode', '')}`,
      }
    }
  }
})

/** CMP-019 */
export const ignoredSecretMode: Find = function* (facts) {
  for (const { compose, service } of servicesOf(facts)) {
    const secrets = under(service.node, 'secrets')
    for (const item of secrets?.kind === 'list' ? secrets.items : []) {
      if (item.kind !== 'map') continue
      const [source] = textsOf(under(item, 'source'))
      if (source === undefined || under(compose.tree.root, 'secrets', source.text, 'file') === undefined)
        continue
      const key = ['uid', 'gid', 'mode'].find((name) => item.entries.has(name))
      const entry = key === undefined ? undefined : item.entries.get(key)
      if (entry !== undefined && key !== undefined) {
        yield {
          at: entry.at,
          message: `${key} of a secret from a file is ignored: set mode and owner of the file`,
        }
      }
    }
  }
}

/** CMP-020 */
export const noSeccomp: Find = inServices(function* (service) {
  for (const { text, at } of listOf(service, 'security_opt')) {
    if (/^seccomp[:=]unconfined$/.test(text)) {
      yield { at, message: `service ${printable(service.name)} may use every system call` }
    }
  }
})

/** CMP-021 */
export const restartPolicy: Find = function* (facts) {
  for (const { service } of redisServices(facts)) {
    const restart = scalarOf(service, 'restart')
    const attempts = scalarOf(service, 'deploy', 'restart_policy', 'max_attempts')
    const at: Position = restart?.at ?? service.at
    if (restart === undefined && service.partial) continue
    if (attempts !== undefined || /^on-failure:[1-9]/.test(restart?.text ?? '')) continue
    const message =
      restart === undefined
        ? `service ${printable(service.name)} has no restart policy: on-failure:5`
        : `service ${printable(service.name)} restarts without a bound or not at all: on-failure:5`
    yield { at, message }
  }
}

const SENSITIVE =
  /^(?:\/|\/(?:etc|boot|dev|lib|lib64|proc|sys|usr|root|bin|sbin|var\/run|run|var\/lib\/docker)(?:\/.*)?|~|[A-Za-z]:[\\/]?)$/

/** CMP-023 */
export const hostPaths: Find = inServices(function* (service) {
  for (const { at, source } of service.mounts) {
    const path = source.length > 1 ? source.replace(/(?<!\/)\/+$/, '') || '/' : source
    if (SENSITIVE.test(path) && !path.endsWith('docker.sock') && !HARMLESS.has(path)) {
      yield { at, message: `service ${printable(service.name)} mounts a sensitive path of the host` }
    }
  }
})

const HARMLESS: ReadonlySet<string> = new Set(['/etc/localtime', '/etc/timezone'])
