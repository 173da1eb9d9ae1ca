import { posix } from 'node:path'

import type { Position } from '../position.js'
import { parseRelease, type ServerRelease } from '../server-releases.js'
import { fillVariables } from './compose-variables.js'
import type { FormatProblem } from './redis-conf.js'
import type { SourceText } from './source-text.js'
import { parseYaml, textsOf, under, type YamlNode, type YamlScalar, type YamlTree } from './yaml-tree.js'

/** An image reference, with what its tag says. */
export interface ComposeImage {
  readonly at: Position
  /** Without tag and digest, such as `redis` or `docker.io/bitnami/redis`. */
  readonly repository: string
  readonly tag?: string | undefined
  readonly digest: boolean
  /** A part comes from a variable without default: the file alone does not tell. */
  readonly open: boolean
  readonly release?: ServerRelease | undefined
  /** Published by the project itself: its number says which fixes it has. */
  readonly official: boolean
}

export interface ComposePort {
  readonly at: Position
  /** Absent for every address; `open` where a variable without default decides. */
  readonly hostAddress?: string | undefined
}

export interface ComposeMount {
  readonly at: Position
  readonly source: string
  /** Where the container sees it. */
  readonly target?: string | undefined
  /** The source relative to the folder that is checked, where it lies inside. */
  readonly inFolder?: string | undefined
}

export interface ComposeService {
  readonly name: string
  readonly at: Position
  readonly node: YamlNode
  readonly redis: boolean
  /** Neither image nor build, or `extends`: completes another service, which has the rest. */
  readonly partial: boolean
  readonly image?: ComposeImage | undefined
  /** The words of entrypoint and command. */
  readonly command: readonly YamlScalar[]
  readonly ports: readonly ComposePort[]
  readonly mounts: readonly ComposeMount[]
  readonly networks: readonly string[]
}

export interface ComposeFile {
  readonly path: string
  readonly tree: YamlTree
  readonly services: readonly ComposeService[]
  readonly byName: ReadonlyMap<string, ComposeService>
  /** Says of itself, by its name, that it is for development. */
  readonly development: boolean
  readonly problems: readonly FormatProblem[]
}

/** Reads a Compose file: services with the places of what the rules look at. */
export function parseCompose(source: SourceText, inFolder: string): ComposeFile {
  const tree = parseYaml(source)
  const given = under(tree.root, 'services')
  const folder = posix.dirname(inFolder)
  const secrets = secretFiles(tree.root)
  const services =
    given?.kind === 'map'
      ? [...given.entries].map(([name, { at, node }]) => serviceOf({ name, at, node, folder, secrets }))
      : []
  return {
    path: source.path,
    tree,
    services,
    byName: new Map(services.map((service) => [service.name, service])),
    development: /(?:^|[._-])(?:dev|development|local|test)[._-]/i.test(posix.basename(inFolder)),
    problems: tree.problems,
  }
}

interface ServiceInput {
  readonly name: string
  readonly at: Position
  readonly node: YamlNode
  readonly folder: string
  readonly secrets: ReadonlyMap<string, string>
}

function serviceOf({ name, at, node, folder, secrets }: ServiceInput): ComposeService {
  const image = imageOf(under(node, 'image'))
  const entrypoint = wordsOf(under(node, 'entrypoint'))
  const command = [...entrypoint, ...wordsOf(under(node, 'command'))]
  const built = under(node, 'build') !== undefined
  return {
    name,
    at,
    node,
    image,
    command,
    redis: isRedis({ name, image, command, built }) && !IDLE.test(entrypoint[0]?.text ?? ''),
    partial: (image === undefined && !built) || under(node, 'extends') !== undefined,
    ports: portsOf(under(node, 'ports')),
    mounts: mountsOf(node, secrets).map((mount) => ({ ...mount, inFolder: insideOf(folder, mount.source) })),
    networks: networksOf(under(node, 'networks')),
  }
}

const REDIS_IMAGE = /(?:^|\/)(?:redis|valkey|keydb)(?:-stack|-stack-server|-sentinel|-cluster|-server)?$/i
const REDIS_PROGRAM = /(?:^|[\s/])(?:redis|valkey|keydb)-(?:server|sentinel)(?:\s|$)/

/** Programs that hold a network or a volume for others: whatever the image, no server runs. */
const IDLE = /^(?:\/(?:usr\/)?bin\/)?(?:sleep|pause)$/

function isRedis(service: {
  readonly name: string
  readonly image: ComposeImage | undefined
  readonly command: readonly YamlScalar[]
  readonly built: boolean
}): boolean {
  return (
    REDIS_IMAGE.test(service.image?.repository ?? '') ||
    service.command.some(({ text }) => REDIS_PROGRAM.test(text)) ||
    (service.built && /^(?:redis|valkey)\b/i.test(service.name))
  )
}

const OFFICIAL = /^(?:(?:docker\.io|index\.docker\.io)\/)?(?:(?:library\/)?(?:redis|valkey)|valkey\/valkey)$/

function imageOf(node: YamlNode | undefined): ComposeImage | undefined {
  if (node?.kind !== 'scalar' || node.value === null) return undefined
  const { text, open } = fillVariables(node.text)
  const [reference = '', digest] = text.split('@')
  const [, repository = reference, tag] = /^(.*?)(?::([^:/]*))?$/.exec(reference) ?? []
  const product = /valkey/i.test(posix.basename(repository)) ? 'valkey' : 'redis'
  return {
    at: node.at,
    repository,
    tag,
    digest: digest !== undefined,
    open,
    release: tag === undefined || !REDIS_IMAGE.test(repository) ? undefined : parseRelease(product, tag),
    official: OFFICIAL.test(repository),
  }
}

/** A list's words as they are; a string is cut at blanks as Compose does, each word at the string's place. */
function wordsOf(node: YamlNode | undefined): readonly YamlScalar[] {
  if (node?.kind === 'list') return textsOf(node)
  return textsOf(node).flatMap((scalar) =>
    [...scalar.text.matchAll(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)].map(([word]) => {
      const text = word.replaceAll(/^["']|["']$/g, '')
      return { ...scalar, value: text, text }
    }),
  )
}

function portsOf(node: YamlNode | undefined): readonly ComposePort[] {
  if (node?.kind !== 'list') return []
  return node.items.flatMap((item) => {
    if (item.kind === 'map') {
      const [address] = textsOf(under(item, 'host_ip'))
      const { text: hostAddress, open } = fillVariables(address?.text ?? '')
      return [{ at: item.at, hostAddress: open ? 'open' : hostAddress || undefined }]
    }
    if (item.kind !== 'scalar' || item.value === null) return []
    const filled = fillVariables(item.text)
    const text = filled.text.replace(/\/(?:tcp|udp)$/, '')
    if (filled.open && /^:[\d-]*:[\d-]*$/.test(text)) return [{ at: item.at, hostAddress: 'open' }]
    const address = /^(\[[0-9a-f:.]*\]|[0-9.]+|localhost):[\d-]*:[\d-]+$/i.exec(text)?.[1]
    return [{ at: item.at, hostAddress: address?.replaceAll(/[[\]]/g, '') }]
  })
}

function mountsOf(service: YamlNode, secrets: ReadonlyMap<string, string>): readonly ComposeMount[] {
  const volumes = under(service, 'volumes')
  const items = volumes?.kind === 'list' ? volumes.items : []
  const bound = items.flatMap((item) => {
    if (item.kind === 'scalar') {
      const [source = '', target] = splitVolume(fillVariables(item.text).text)
      return target === undefined || !/^[./~]|^[A-Za-z]:[\\/]/.test(source)
        ? []
        : [{ at: item.at, source, target }]
    }
    const [type] = textsOf(under(item, 'type'))
    const [source] = textsOf(under(item, 'source'))
    const [target] = textsOf(under(item, 'target'))
    return type?.text === 'bind' && source !== undefined
      ? [{ at: source.at, source: source.text, target: target?.text }]
      : []
  })
  const given = under(service, 'secrets')
  const files = (given?.kind === 'list' ? given.items : []).flatMap((item) => {
    const [name] = textsOf(item.kind === 'map' ? under(item, 'source') : item)
    const source = name === undefined ? undefined : secrets.get(name.text)
    return name === undefined || source === undefined ? [] : [{ at: name.at, source }]
  })
  return [...bound, ...files]
}

/** `source:target:mode`, where a Windows source may begin with a drive. */
function splitVolume(text: string): readonly string[] {
  const [, drive = '', rest = text] = /^([A-Za-z]:(?=[\\/]))?(.*)$/s.exec(text) ?? []
  const [source = '', ...others] = rest.split(':')
  return [drive + source, ...others]
}

function secretFiles(root: YamlNode | undefined): ReadonlyMap<string, string> {
  const secrets = under(root, 'secrets')
  if (secrets?.kind !== 'map') return new Map()
  return new Map(
    [...secrets.entries].flatMap(([name, { node }]) => {
      const [file] = textsOf(under(node, 'file'))
      return file === undefined ? [] : [[name, file.text] as const]
    }),
  )
}

function networksOf(node: YamlNode | undefined): readonly string[] {
  if (node?.kind === 'map') return [...node.entries.keys()]
  return textsOf(node).map(({ text }) => text)
}

function insideOf(folder: string, source: string): string | undefined {
  if (!source.startsWith('.')) return undefined
  const path = posix.normalize(posix.join(folder, source.replaceAll('\\', '/')))
  return path.startsWith('..') ? undefined : path.replace(/\/$/, '')
}
