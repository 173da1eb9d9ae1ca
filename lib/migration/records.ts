import type { TlsSettings, UserRole } from '../settings/settings.js'
import type { Change, Content } from './changes.js'

/** The steps, in their order. */
export const STEP_IDS = [
  'preparation',
  'authentication',
  'tls',
  'encryption',
  'access-control',
  'monitoring',
] as const
export type StepId = (typeof STEP_IDS)[number]

/** A step first adds the new way beside the old one, and takes the old one away when nobody uses it. */
export type Side = 'expand' | 'contract'

/** One line of the journal. */
export type JournalRecord =
  | {
      readonly type: 'begun'
      readonly at: string
      readonly runId: string
      readonly place: Place
      readonly course: KeptCourse
      readonly config: readonly (readonly [string, string])[]
      readonly users: readonly (readonly [string, readonly string[]])[]
      /** redis.conf and users.acl before the server writes to them, where we can read them. */
      readonly files: readonly SavedFile[]
    }
  | {
      readonly type: 'backup'
      readonly file: string
      readonly keys: number
      readonly bytes: number
      readonly sha256: string
    }
  | {
      readonly type: 'step'
      readonly step: StepId
      readonly at: string
      readonly expand: readonly Change[]
      readonly contract: readonly Change[]
    }
  /** About to set an item that has this content. */
  | {
      readonly type: 'intent'
      readonly step: StepId
      readonly side: Side
      readonly index: number
      readonly before: Content
    }
  | {
      readonly type: 'applied'
      readonly step: StepId
      readonly side: Side
      readonly index: number
      readonly after: Content
    }
  | { readonly type: 'undoing'; readonly step: StepId; readonly side: Side; readonly index: number }
  | { readonly type: 'undone'; readonly step: StepId; readonly side: Side; readonly index: number }
  | { readonly type: 'reached'; readonly step: StepId; readonly at: string; readonly stage: Stage }
  /** A file of the server on this machine, around its writing to it. */
  | ({ readonly type: 'file'; readonly path: string } & FileState)
  /** A restart has brought the server of before back, with the values of now. */
  | { readonly type: 'forgotten'; readonly at: string }
  /** What somebody else changed, taken as it is. */
  | {
      readonly type: 'accepted'
      readonly items: readonly {
        readonly kind: 'config' | 'user'
        readonly name: string
        readonly content: Content
      }[]
    }

/** Where the server was when the migration began. Settings may say something else later on. */
export interface Place {
  readonly host: string
  readonly port: number
  readonly tlsPort: number
  /** `password`: the default user asked for one (requirepass). */
  readonly login: 'none' | 'password'
}

/** What the migration is about. Settings may say something else later on. */
export interface KeptCourse {
  readonly steps: readonly StepId[]
  readonly keyPrefix: string
  readonly earlierPrefixes: readonly string[]
  readonly users: readonly {
    readonly role: UserRole
    readonly username: string
    readonly passwordHash: string
  }[]
  /** The way over TLS, for as long as it is the only one: settings without it may be those of the way back. */
  readonly tls?: (Omit<TlsSettings, 'key'> & { readonly key?: string | undefined }) | undefined
}

/** A file of the server on this machine, as it was. */
export interface SavedFile {
  readonly path: string
  readonly mode: number
  readonly owner: { readonly uid: number; readonly gid: number }
  /** Its bytes. */
  readonly base64: string
}

/** `changed`: by somebody else, for good. Absent while the server was never seen to write it. */
export type FileState =
  | { readonly is: 'written'; readonly sha256: string }
  | { readonly is: 'being-written' | 'changed'; readonly sha256?: undefined }

/** How far a step is, on its way there and back. */
export type Stage =
  'started' | 'expanded' | 'contracting' | 'done' | 'returning' | 'reopened' | 'closing' | 'rolled-back'
