import type { AclUser } from '../access/roles.js'
import type { ServerVersion } from '../redis/versions.js'
import type { UserRole, UserSettings } from '../settings/settings.js'
import type { Change } from './changes.js'
import type { StepId } from './records.js'
import type { MigrationServer, ServerClient } from './server.js'
import type { ServerState } from './server-state.js'
import type { Destination, Way } from './server-way.js'

/** Certificate, key and authority as the server finds them. */
export interface ServerTlsFiles {
  readonly cert: string
  readonly key: string
  readonly ca: string
}

/** What the steps are made from. */
export interface StepContext {
  readonly destination: Destination
  readonly version: ServerVersion
  /** The server before the step. */
  readonly state: ServerState
  readonly keyPrefix: string
  /** What began the keys of an earlier application, for as long as they are read. */
  readonly earlierPrefixes: readonly string[]
  /** Those that have a password. */
  readonly users: Readonly<Partial<Record<UserRole, UserSettings>>>
  readonly hashes: Readonly<Partial<Record<UserRole, AclUser>>>
  readonly tlsFiles?: ServerTlsFiles | undefined
}

/** Whether a way works, seen by a connection of its own. Throws ERR_MIGRATION_CHECK where it does not. */
export type Check = (parts: CheckParts) => Promise<void>

export interface CheckParts {
  readonly context: StepContext
  readonly server: MigrationServer
  /** How long something must not have been seen to count as gone, milliseconds. */
  readonly settleMs: number
  /** When the changes began that are checked, on the clock of `performance`. */
  readonly since: number
}

/** What a client does that still needs a way which is about to be taken away. */
export interface Use {
  /** Who is waited for, for people: `clients of the default user`. */
  readonly who: string
  readonly uses: (client: ServerClient, context: StepContext) => boolean
}

/**
 * One step: it adds the new way beside the old one (expand), waits until nobody uses the old one, and takes that away
 * (contract). Undone in the reverse order: the old way comes back, everybody returns, the new way goes.
 */
export interface Step {
  readonly id: StepId
  readonly title: string
  /** One sentence: what is better afterwards. */
  readonly gain: string
  readonly changes: (context: StepContext) => {
    readonly expand: readonly Change[]
    readonly contract: readonly Change[]
  }
  /** How we reach the server once the new way is there. */
  readonly wayAfter: (before: Way) => Way
  /** What the application has to do before the old way goes, and before the new one goes on the way back. */
  readonly application?:
    ((context: StepContext) => { readonly there: string; readonly back: string }) | undefined
  /** Rewrites values: `seal` on the way there, and opens them on the way back. */
  readonly values?: 'seal' | undefined
  readonly oldUse?: Use | undefined
  /** Whether connections of the old way end with it. */
  readonly endsConnections?: boolean | undefined
  readonly newUse?: Use | undefined
  readonly afterExpand?: Check | undefined
  readonly afterContract?: Check | undefined
  readonly afterReopen?: Check | undefined
}
