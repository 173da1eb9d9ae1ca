import { join, resolve } from 'node:path'
import type { UserRole } from '../lib/settings/settings.js'

/**
 * Where the server runs. `container`: paths in redis.conf are those inside the container, which mounts the
 * folder; `local`: absolute paths of this machine, for `redis-server <out>/conf/redis.conf`.
 */
export type Target = 'container' | 'local'

/**
 * Who may read a folder. Each audience has directories of its own, because whole directories are mounted: a
 * container, or an application, gets exactly what is its own.
 */
export type Audience = 'server' | 'application' | 'operator'

export interface Directory {
  readonly path: string
  readonly audience: Audience
  /** Where the server's container mounts it. */
  readonly mountedAt?: string | undefined
}

/** Every directory of the output. All are 0700. */
export const DIRECTORIES = {
  conf: { path: 'conf', audience: 'server', mountedAt: '/conf' },
  tls: { path: 'tls', audience: 'server', mountedAt: '/tls' },
  sentinel: { path: 'sentinel', audience: 'server', mountedAt: '/sentinel' },
  secrets: { path: 'secrets', audience: 'server', mountedAt: '/run/secrets' },
  data: { path: 'data', audience: 'server', mountedAt: '/data' },
  app: { path: 'app', audience: 'application' },
  operator: { path: 'operator', audience: 'operator' },
} as const satisfies Record<string, Directory>

export type DirectoryName = keyof typeof DIRECTORIES

/** The directory that holds the password of each role. The application logs in as those of `app`, no other. */
export const HOME_OF_ROLE: Readonly<Record<UserRole, DirectoryName>> = {
  cache: 'app',
  monitor: 'app',
  maintenance: 'app',
  sessions: 'app',
  rate_limit: 'app',
  queue: 'app',
  health: 'secrets',
  replica: 'secrets',
  sentinel: 'sentinel',
  auditor: 'operator',
  operator: 'operator',
  admin: 'operator',
}

/** Path of a file inside the output, with `/`, as the manifest and the messages write it. */
export function inFolder(directory: DirectoryName, file: string): string {
  return `${DIRECTORIES[directory].path}/${file}`
}

/** Path of a file as the server sees it. */
export function serverPath(at: { readonly target: Target; readonly out: string }, path: string): string {
  if (at.target === 'local') return join(resolve(at.out), path)
  const directory = Object.values(DIRECTORIES).find(
    (entry) => path.startsWith(`${entry.path}/`) || path === entry.path,
  )
  if (directory === undefined || !('mountedAt' in directory)) throw new TypeError(`not mounted: ${path}`)
  return `${directory.mountedAt}${path.slice(directory.path.length)}`
}

/** Where a file belongs: into the output folder, or to the project that opens in an editor. */
export type Place = 'output' | 'project'

/** One file of the output, complete. */
export interface OutputFile {
  /** Inside its place, with `/`. */
  readonly path: string
  readonly text: string
  readonly mode: number
  /** `output` where absent. */
  readonly place?: Place | undefined
  /**
   * For a file that others write too: hashes of the parts in it that are ours. The rest is not ours to judge, so
   * nothing in it counts as changed by hand.
   */
  readonly parts?: ReadonlyMap<string, string> | undefined
}

/** Readable by its owner alone: configuration, ACL, keys and passwords (FIL-001, TLS-012). */
export const PRIVATE = 0o600
/** Holds nothing secret. */
export const PUBLIC = 0o644
