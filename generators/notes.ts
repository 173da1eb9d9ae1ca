import { openPrefixes } from '../lib/access/earlier-prefixes.js'
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
  /** Milliseconds since 1970. */
  readonly now: number
  /** Of this process where absent. */
  readonly platform?: NodeJS.Platform | undefined
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
    applies: ({ settings }) => isFoundOtherwise(settings),
    text: ({ settings }) =>
      `the application finds this ${settings.server.topology} by ${FINDS[settings.server.topology]}, and not by ` +
      'REDIS_HOST: .env.production and .env.development have it',
  },
  {
    applies: ({ settings, now }) => openPrefixes(settings.cache, now).length > 0,
    text: ({ settings }) =>
      'users.acl lets the cache read the keys of the earlier application (CACHE_LEGACY_PREFIXES) until ' +
      `${dayOf(settings)}: write it again afterwards, then acl apply takes these rights away (ACL-025)`,
  },
  {
    applies: ({ settings: { cache }, now }) =>
      cache.legacyPrefixes.length > 0 && openPrefixes(cache, now).length === 0,
    text: ({ settings }) =>
      `keys of the earlier application are read no more since ${dayOf(settings)}: users.acl has no rights to them; ` +
      'remove CACHE_LEGACY_PREFIXES',
  },
  {
    applies: ({ server }) => server.release?.maintained === false,
    text: ({ server }) =>
      `Redis ${formatServerVersion(server.version)} gets no security fixes any more (VER-001, VER-002): prefer REDIS_VERSION=7.4 or later`,
  },
  {
    applies: ({ platform = process.platform }) => platform === 'win32',
    text: () =>
      'Windows has no file modes: nothing here keeps other accounts of this machine from conf, tls, secrets, app, ' +
      'operator and the .env files (FIL-001, TLS-012, AUT-009); restrict the folder by its access list, such as ' +
      'icacls <folder> /inheritance:r /grant:r "%USERNAME%:(OI)(CI)F"',
  },
]

function dayOf({ cache }: Settings): string {
  return cache.readModeUntil?.toISOString().slice(0, 10) ?? ''
}

/** How an application finds what the generator writes. */
const FINDS: Readonly<Record<Settings['server']['topology'], string>> = {
  standalone: 'REDIS_HOST',
  replica: 'REDIS_HOST',
  sentinel: 'REDIS_SENTINELS and REDIS_SENTINEL_NAME',
  cluster: 'REDIS_CLUSTER_NODES',
}

/** Whether the settings themselves, read by an application, would look for another topology. */
function isFoundOtherwise({ server, redis }: Settings): boolean {
  const looksFor = server.topology === 'replica' ? 'standalone' : server.topology
  return looksFor !== 'standalone' && redis.topology !== looksFor
}

export function notesOn(facts: NoteFacts): readonly string[] {
  return NOTES.filter(({ applies }) => applies(facts)).map(({ text }) => text(facts))
}
