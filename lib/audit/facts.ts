import type { UserRole } from '../settings/settings.js'
import type { AclList } from './formats/acl-file.js'
import type { CertificateFile, KeyFile } from './formats/certificate.js'
import type { ComposeFile } from './formats/compose.js'
import type { EnvFile } from './formats/dotenv.js'
import type { RedisConf } from './formats/redis-conf.js'
import type { Position } from './position.js'
import type { FindingLevel } from './level.js'
import type { ServerRelease } from './server-releases.js'

/** What a file is to the rules. `data` is what Redis writes: dump, append-only file. */
export type FileKind =
  'conf' | 'acl' | 'env' | 'compose' | 'certificate' | 'key' | 'data' | 'secret' | 'other'

export interface FileEntry {
  /** As printed: relative to where the command runs, or absolute. */
  readonly path: string
  /** Relative to the folder that is checked, with `/` on every system. */
  readonly inFolder: string
  readonly kind: FileKind
  /** Permission bits; absent where they say nothing (Windows). */
  readonly mode?: number | undefined
  /** Whether git ignores it; absent outside a repository without any .gitignore. */
  readonly ignored?: boolean | undefined
}

/**
 * What no rule of the catalogue is about: a file that could not be looked at (never passed over in silence), a
 * setting that would not be accepted.
 */
export interface Remark {
  readonly at: Position
  readonly level: FindingLevel
  readonly message: string
}

/** Everything that the file rules judge, read once; rules themselves touch no disk. */
export interface FolderFacts {
  readonly now: Date
  readonly files: readonly FileEntry[]
  readonly confs: readonly RedisConf[]
  /** users.acl files, and the `user` lines of configurations. */
  readonly acls: readonly AclList[]
  readonly envs: readonly EnvFile[]
  readonly composes: readonly ComposeFile[]
  readonly certificates: readonly CertificateFile[]
  readonly keys: readonly KeyFile[]
  readonly remarks: readonly Remark[]
  /** The server that the files are for, where anything says so. */
  readonly target?: ServerRelease | undefined
  /** Which of our roles a user name plays. */
  readonly roles: ReadonlyMap<string, UserRole>
}
