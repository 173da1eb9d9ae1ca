import type { CacheErrorCode } from '../errors.js'
import type { SettingsWarning } from '../settings/settings.js'
import type { MinuteCount } from './sliding-count.js'

/**
 * What was looked at and what was seen there. Facts alone: no judgement, no setting taken for a fact.
 * lib/monitor/checks.ts judges them.
 */

/** Something seen at a time (unix milliseconds), or why it could not be seen and what to do about that. */
export type Observed<T> =
  | { readonly at: number; readonly seen: T }
  | { readonly at: number; readonly problem: string; readonly remedy?: string | undefined }

/** The socket that the cache itself uses. */
export interface ConnectionSeen {
  readonly up: boolean
  /** Code of the last error where it is down. */
  readonly errorCode?: CacheErrorCode | undefined
  /** Whether Redis accepted a login on it, and as whom. */
  readonly authenticated: boolean
  readonly user?: string | undefined
  /** As negotiated; absent on a plaintext socket. */
  readonly tls?: TlsSeen | undefined
  readonly serverVersion?: string | undefined
}

export interface TlsSeen {
  /** Such as `TLSv1.3`. */
  readonly protocol: string
  readonly cipher: string
  /** The certificate was verified against our authority and the name asked for. */
  readonly authorized: boolean
  readonly certificateExpiresAt?: Date | undefined
  readonly certificateValidFrom?: Date | undefined
}

/** What a new connection without a login was answered. */
export type AnonymousAnswer = 'login_required' | 'served'

/** What a value meant for this purpose showed on its way to the store and back. */
export interface SelfTestSeen {
  readonly sealed: boolean
  /** What lies in the store is what was sealed, and the plaintext is not in it. */
  readonly storedSealed: boolean
  readonly opened: boolean
  /** The same bytes were refused under the name of another key. */
  readonly boundToKey: boolean
}

export interface NetworkSeen {
  /** Every address that the server's name resolves to, and the one we are connected to. */
  readonly addresses: readonly string[]
  /** Ports tried without TLS, and whether a Redis answered. */
  readonly plaintextPorts: readonly { readonly port: number; readonly answers: boolean }[]
}

/** The addresses in CLIENT LIST: where clients come from and where they arrive. */
export interface ClientsSeen {
  readonly remote: readonly string[]
  /** Clients on a port that is not the TLS port. */
  readonly plaintext: number
  /** Where one of them comes from. */
  readonly plaintextFrom?: string | undefined
}

/** What users are allowed to do, tried with ACL DRYRUN. */
export interface AccessSeen {
  /** Commands that our role needs and that were denied. */
  readonly missing: readonly string[]
  /** Commands that our role must not have and that were allowed. */
  readonly excessive: readonly string[]
  readonly tried: number
}

/** From when until when something may have happened unseen, unix milliseconds. */
export type LostInterval = readonly [from: number, to: number]

/** Failed logins on the server in the last 24 hours, by anyone. */
export interface ServerFailuresSeen {
  readonly lastDay: number
  readonly lastHour: number
  /** Since when it is counted, unix milliseconds. */
  readonly since: number
  /** Between these looks the counter began anew: what it had counted since the first of the two is lost. */
  readonly lost?: readonly LostInterval[] | undefined
  /** The minutes in which there were any, for a timeline. */
  readonly minutes?: readonly MinuteCount[] | undefined
  /** Values that Redis dropped before their time to make room, and clients that it had no room for. */
  readonly evictedLastDay?: number | undefined
  readonly rejectedLastDay?: number | undefined
  /** Who and what, as far as ACL LOG tells; made harmless by `foreignText`. */
  readonly latest?: string | undefined
}

/** Everything that observers gathered. Absent: not looked yet, or nothing looks at it here. */
export interface Observations {
  connection?: Observed<ConnectionSeen> | undefined
  anonymous?: Observed<AnonymousAnswer> | undefined
  selfTest?: Observed<SelfTestSeen> | undefined
  network?: Observed<NetworkSeen> | undefined
  clients?: Observed<ClientsSeen> | undefined
  access?: Observed<AccessSeen> | undefined
  serverFailures?: Observed<ServerFailuresSeen> | undefined
}

/** What happened to us, counted by the monitor. */
export interface Happened {
  readonly since: number
  readonly ownFailuresLastDay: number
  readonly ownFailuresLastHour: number
  /** Failures among our own last ten logins. */
  readonly recentLoginFailures: number
  /** Commands, keys and channels that were refused: ours always, those of others where user monitor is there. */
  readonly deniedLastHour: number
  /** The newest of them in words; what others wrote is harmless in it. */
  readonly latestDenial?: string | undefined
  readonly decryptFailuresLastHour: number
  readonly tamperedLastHour: number
}

/** Where the server is, as we reach it. */
export interface ServerReach {
  readonly host: string
  readonly port: number
  readonly overTls: boolean
}

/** Everything that the checks judge. */
export interface Evidence {
  readonly now: number
  readonly backend: 'redis' | 'memory'
  /** How the server is reached, for the commands that remedies name; absent on memory. */
  readonly server?: { readonly host: string; readonly port: number; readonly overTls: boolean } | undefined
  readonly observations: Readonly<Observations>
  readonly happened: Happened
  readonly warnings: readonly SettingsWarning[]
  readonly authFailuresPerHour: number
  readonly encryptionErrorsPerHour: number
  /** What is older than this is no longer known. */
  readonly staleAfterMs: number
}
