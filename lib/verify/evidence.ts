import type { ConfigProblem } from '../errors.js'
import type { SecurityStatus } from '../monitor/status.js'
import type { Settings } from '../settings/settings.js'
import type { AccessSeen } from '../monitor/observations.js'

/** One login that the settings hold, tried on a connection of its own. */
export interface LoginSeen {
  readonly username: string
  /** The variable that holds its password. */
  readonly variable: string
  /** Absent where it was accepted. */
  readonly errorCode?: string | undefined
}

/** What one kind of look brought, or why it brought nothing. */
export type Looked<T> = { readonly seen: T } | { readonly problem: string }

/** How this process stands: nothing of it is a setting of the cache. */
export interface Surroundings {
  /** `NODE_TLS_REJECT_UNAUTHORIZED=0`: every connection of the process trusts anybody. */
  readonly trustsAnybody: boolean
  /** Permission bits of the environment file; absent where there is none, or where bits say nothing. */
  readonly settingsFileMode?: number | undefined
}

/** What was seen of a setup that could be looked at. */
export interface Seen {
  readonly settings: Settings
  readonly status: SecurityStatus
  readonly logins: readonly LoginSeen[]
  /** What the application's own login was let do, by trying it. */
  readonly boundaries: Looked<Pick<AccessSeen, 'excessive' | 'tried'>>
}

/** Everything that the checklist judges. `problems`: settings that cannot be used, so that nothing was tried. */
export type Evidence = Surroundings &
  ({ readonly seen: Seen } | { readonly problems: readonly ConfigProblem[] })
