import { open, type FileHandle } from 'node:fs/promises'
import { resolve } from 'node:path'

import type { UserRole } from '../settings/settings.js'
import { readEnvironments } from './env-settings.js'
import type { FileEntry, FileKind, FolderFacts, Remark } from './facts.js'
import { lookAt, walkFolder, type FoundFile } from './file-walk.js'
import { roleNames } from './find/users.js'
import { parseAclFile, usersOfConf, type AclList } from './formats/acl-file.js'
import { parsePem, type CertificateFile, type KeyFile } from './formats/certificate.js'
import { parseCompose, type ComposeFile } from './formats/compose.js'
import { envValue, parseEnvFile, type EnvFile } from './formats/dotenv.js'
import { parseRedisConf, withAdopted, withIncludes, type RedisConf } from './formats/redis-conf.js'
import { decodeSource, type SourceText } from './formats/source-text.js'
import { directiveKnowledge } from './acl/commands.js'
import { ignoreLayers } from './ignore-layers.js'
import { startOf } from './position.js'
import { parseRelease, type ServerRelease } from './server-releases.js'

export interface FolderOptions {
  /** Milliseconds since 1970; certificates are judged by it. */
  readonly now: number
  /** How a path is printed, such as relative to the working directory. */
  readonly display: (absolute: string) => string
  /** The server that the files are for, where they do not say it themselves. */
  readonly target?: ServerRelease | undefined
  /** Files that belong to the folder though they lie beside it; absolute. */
  readonly also?: readonly string[] | undefined
}

/** No real file of these kinds is larger; what is, is reported and not read. */
const MAX_BYTES: Readonly<Record<FileKind, number>> = {
  conf: 1_048_576,
  acl: 262_144,
  env: 262_144,
  compose: 524_288,
  certificate: 1_048_576,
  key: 65_536,
  data: 0,
  secret: 0,
  other: 0,
}

/** Each is verified against every authority. */
const MAX_CERTIFICATES = 500

const ABSENT_INCLUDE =
  'not checked: the file that is included here is not in this folder; a server that does not find it does not start'

/** What is gathered while files are read. */
interface Gathered {
  readonly entries: FileEntry[]
  readonly confs: RedisConf[]
  /** Files of other programs, unless a configuration of Redis includes one. */
  readonly strangers: RedisConf[]
  readonly acls: AclList[]
  readonly envs: EnvFile[]
  readonly composes: ComposeFile[]
  readonly certificates: CertificateFile[]
  readonly keys: KeyFile[]
  readonly remarks: Remark[]
}

/** Reads a folder: the one place of the file audit that touches the disk. Rejects where it cannot be listed. */
export async function readFolderFacts(folder: string, options: FolderOptions): Promise<FolderFacts> {
  const root = resolve(folder)
  const { files: inside, skipped } = await walkFolder(root)
  const files = [...inside, ...(await Promise.all((options.also ?? []).map(lookAt)))]
  const gathered: Gathered = {
    entries: [],
    confs: [],
    strangers: [],
    acls: [],
    envs: [],
    composes: [],
    certificates: [],
    keys: [],
    remarks: skipped.map(({ absolute, message }) => remark(options.display(absolute), message)),
  }
  const ignored = await ignoreLayers(
    root,
    files.map(({ absolute }) => absolute),
    readSmallText,
  )
  for (const file of files) {
    const kind = await readFile(file, options.display(file.absolute), gathered)
    gathered.entries.push({
      path: options.display(file.absolute),
      inFolder: file.inFolder,
      kind,
      mode: file.mode,
      ignored: ignored(file.absolute),
    })
  }
  gathered.remarks.push(...readEnvironments(gathered.envs))
  const { entries: found, confs: own, strangers, ...rest } = gathered
  const confs = withAdopted(own, strangers)
  const adopted = new Set(confs)
  const foreign = new Set(strangers.filter((conf) => !adopted.has(conf)).map(({ path }) => path))
  const entries = found.map((entry) =>
    foreign.has(entry.path) ? { ...entry, kind: 'other' as const } : entry,
  )
  const { confs: whole, absent } = withIncludes(confs)
  gathered.remarks.push(...absent.map((at) => ({ at, level: 'error' as const, message: ABSENT_INCLUDE })))
  return {
    now: new Date(options.now),
    files: entries,
    confs: whole,
    ...rest,
    acls: [
      ...rest.acls,
      ...whole.map(usersOfConf).filter(({ users, problems }) => users.length + problems.length > 0),
    ],
    target: options.target ?? targetOf(gathered),
    roles: roleNames(namesFrom(gathered.envs)),
  }
}

/** Reads one file by its kind, and says what it turned out to be. */
async function readFile(file: FoundFile, path: string, gathered: Gathered): Promise<FileKind> {
  const most = MAX_BYTES[file.kind]
  if (most === 0) return file.kind
  const bytes = file.refused ?? (await readBounded(file.absolute, most))
  if (typeof bytes === 'string') {
    gathered.remarks.push(remark(path, bytes))
    return file.kind
  }
  return READERS[file.kind](decodeSource(path, bytes), file, gathered)
}

type Reader = (source: SourceText, file: FoundFile, gathered: Gathered) => FileKind

const nothing: Reader = (_source, { kind }) => kind

const READERS: Readonly<Record<FileKind, Reader>> = {
  conf(source, { kind, inFolder }, { confs, strangers }) {
    const conf = parseRedisConf(source)
    if (belongsToRedis(inFolder, conf)) confs.push(conf)
    else strangers.push(conf)
    return kind
  },
  acl(source, { kind }, { acls }) {
    acls.push(parseAclFile(source))
    return kind
  },
  env(source, { kind }, { envs }) {
    envs.push(parseEnvFile(source))
    return kind
  },
  compose(source, { kind, inFolder }, { composes, remarks }) {
    const compose = parseCompose(source, inFolder)
    composes.push(compose)
    remarks.push(...compose.problems.map(({ at, message }) => ({ at, message, level: 'error' as const })))
    return kind
  },
  certificate: readPem,
  key: readPem,
  data: nothing,
  secret: nothing,
  other: nothing,
}

function readPem(source: SourceText, { kind }: FoundFile, gathered: Gathered): FileKind {
  const { certificates, key, problems } = parsePem(source)
  gathered.remarks.push(...problems.map(({ at, message }) => ({ at, message, level: 'error' as const })))
  const count = gathered.certificates.reduce((sum, file) => sum + file.certificates.length, 0)
  if (certificates !== undefined && count >= MAX_CERTIFICATES) {
    gathered.remarks.push(remark(source.path, `not checked: more than ${MAX_CERTIFICATES} certificates`))
  } else if (certificates !== undefined) gathered.certificates.push(certificates)
  if (key !== undefined) gathered.keys.push(key)
  // A .key without a private key in PEM is a secret of another kind.
  return key !== undefined ? 'key' : kind === 'key' ? 'secret' : kind
}

/**
 * Other programs have .conf files too, also in a folder called redis. The file's own name tells, unless nothing
 * in it is a directive; the folder's name, where most of it are; else a directive that no other program has.
 */
function belongsToRedis(inFolder: string, { directives }: RedisConf): boolean {
  const [name = '', ...folders] = inFolder.split('/').toReversed()
  const known = directives.filter((directive) => directiveKnowledge(directive.name, undefined) === 'known')
  if (REDIS_NAME.test(name)) return directives.length === 0 || known.length > 0
  if (folders.some((folder) => REDIS_NAME.test(folder)) && known.length * 2 > directives.length) return true
  return known.some((directive) => TELLING.test(directive.name))
}

const REDIS_NAME = /redis|valkey|sentinel/i
const TELLING = /^(?:maxmemory|requirepass|aclfile|protected-mode|appendonly|tls-port|dbfilename|sentinel)$/

/** The content, or why there is none. Never more than allowed, whatever the size was said to be. */
async function readBounded(absolute: string, most: number): Promise<Buffer | string> {
  let handle: FileHandle | undefined
  try {
    handle = await open(absolute, 'r')
    const buffer = Buffer.alloc(most + 1)
    let length = 0
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length)
      length += bytesRead
      if (bytesRead === 0 || length === buffer.length) break
    }
    return length > most ? `not checked: larger than ${most / 1024} KiB` : buffer.subarray(0, length)
  } catch {
    return 'not checked: the file cannot be read'
  } finally {
    await handle?.close()
  }
}

async function readSmallText(path: string): Promise<string | undefined> {
  const bytes = await readBounded(path, 65_536)
  return typeof bytes === 'string' ? undefined : bytes.toString('utf8')
}

function remark(path: string, message: string): Remark {
  return { at: startOf(path), level: 'error', message }
}

/** The version that the files speak of: the image that runs them, else the head of a generated file. */
function targetOf({ composes, confs }: Gathered): ServerRelease | undefined {
  const images = composes.flatMap(({ services }) => services.map(({ image }) => image?.release))
  const named = confs.flatMap(({ header }) => header.map(releaseInHeader))
  return [...images, ...named].find((release) => release !== undefined)
}

function releaseInHeader(line: string): ServerRelease | undefined {
  const [, product, version] = /\b(redis|valkey)[ -]v?(\d+\.\d+(?:\.\d+)?)\b/i.exec(line) ?? []
  if (product === undefined || version === undefined) return undefined
  return parseRelease(product.toLowerCase() === 'valkey' ? 'valkey' : 'redis', version)
}

/** User names that settings change. */
function namesFrom(envs: readonly EnvFile[]): ReadonlyMap<UserRole, string> {
  const name = envs.map((env) => envValue(env, 'REDIS_CACHE_USERNAME')?.value).find(Boolean)
  return new Map(name === undefined ? [] : [['cache', name]])
}
