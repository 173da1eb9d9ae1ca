import type { AclList } from './formats/acl-file.js'
import type { ServerRelease } from './server-releases.js'

/**
 * What a running server shows of itself; filled over a connection of the auditor's, judged by the same
 * catalogue as files. Absent: it could not be asked, which is never taken for "fine".
 */
export interface LiveFacts {
  readonly now: Date
  readonly release?: ServerRelease | undefined
  /** CONFIG GET *. */
  readonly config?: ReadonlyMap<string, string> | undefined
  /** ACL LIST, read by the parser of users.acl. */
  readonly access?: AclList | undefined
  /** What a fresh connection without login got for PING: `PONG`, `NOAUTH`, `NOPERM`. */
  readonly anonymousReply?: string | undefined
  readonly modules?: readonly string[] | undefined
  readonly functionLibraries?: readonly string[] | undefined
}
