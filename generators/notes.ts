import type { Settings } from '../lib/settings/settings.js'
import { formatServerVersion } from '../lib/redis/versions.js'
import type { Target } from './folder.js'
import type { TargetServer } from './server-version.js'

export interface NoteFacts {
  readonly settings: Settings
  readonly server: TargetServer
  readonly target: Target
  /** Certificate of the output's own authority; absent without TLS. */
  readonly authorityPem?: string | undefined
}

/** What a person should know, where it applies. */
const NOTES: readonly {
  readonly applies: (facts: NoteFacts) => boolean
  readonly text: (facts: NoteFacts) => string
}[] = [
  {
    applies: ({ settings }) => settings.redis.authentication !== 'acl',
    text: () =>
      'the default user is off: the application logs in as its own user, so give it ' +
      'REDIS_CACHE_PASSWORD_FILE=<folder>/app/cache_password',
  },
  {
    applies: ({ settings, authorityPem }) =>
      settings.redis.tls?.ca !== undefined &&
      authorityPem !== undefined &&
      settings.redis.tls.ca.trim() !== authorityPem.trim(),
    text: () =>
      'REDIS_TLS_CA is another authority than that of this folder: set REDIS_TLS_CA_FILE=<folder>/app/ca.crt',
  },
  {
    applies: ({ settings }) => settings.redis.tls === undefined,
    text: () => 'the server is written without TLS, because the settings ask for none (TLS-001)',
  },
  {
    applies: ({ settings }) => !settings.server.protectedMode,
    text: () => 'REDIS_PROTECTED_MODE is off (NET-003)',
  },
  {
    applies: ({ server }) => server.release?.maintained === false,
    text: ({ server }) =>
      `Redis ${formatServerVersion(server.version)} gets no security fixes any more (VER-001, VER-002): prefer REDIS_VERSION=7.4 or later`,
  },
  {
    applies: () => process.platform === 'win32',
    text: () =>
      'Windows has no file modes: restrict the folders tls, secrets, app and operator by their access lists',
  },
]

export function notesOn(facts: NoteFacts): readonly string[] {
  return NOTES.filter(({ applies }) => applies(facts)).map(({ text }) => text(facts))
}
