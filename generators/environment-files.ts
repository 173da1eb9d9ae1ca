import { randomBytes } from 'node:crypto'
import { join, posix, sep } from 'node:path'
import { parse } from 'dotenv'
import { openPrefixes } from '../lib/access/earlier-prefixes.js'
import type { ExtraRole, Settings, UserRole } from '../lib/settings/settings.js'
import { PRIVATE, inFolder, type OutputFile, type Target } from './folder.js'
import { CONTAINER_PORT } from './listener.js'
import { passwordPath, passwordVariable, usernameOf } from './password-set.js'
import { environmentText } from './quoting.js'
import { renderTemplate } from './render.js'
import { findingVariables } from './topology-view.js'

/** Where the example backend of the Compose file mounts `app/`. */
export const BACKEND_MOUNT = '/run/secure-redis'
export const PRODUCTION_FILE = '.env.production'
export const DEVELOPMENT_FILE = '.env.development'

const SECRET_BYTES = 32
/** The three logins of the application; each password lies in a file of its own. */
const LOGINS = ['cache', 'monitor', 'maintenance'] as const
const TLS_FILES = [
  ['REDIS_TLS_CA_FILE', 'ca.crt'],
  ['REDIS_TLS_CERT_FILE', 'client.crt'],
  ['REDIS_TLS_KEY_FILE', 'client.key'],
] as const

interface Entry {
  readonly name: string
  readonly value: string
}

export interface EnvironmentContext {
  readonly settings: Settings
  readonly target: Target
  /** The output folder, absolute. */
  readonly out: string
  /** The command that writes the files again. */
  readonly command: string
  /** The text of a file of the output; undefined where there is none. */
  readonly read: (path: string) => Promise<string | undefined>
  /** Random bytes; `node:crypto` where absent. */
  readonly random?: ((size: number) => Buffer) | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export interface EnvironmentSet {
  readonly files: readonly OutputFile[]
  readonly notes: readonly string[]
}

/**
 * Environment files of the application for production and development, and the secrets that they name. Secrets
 * are files of `app/`, which whoever runs the application mounts or hands over; only the development key stands
 * in its environment file, because nothing that it seals is worth a file, and production must never open it.
 * Production is left out where the settings could not run there, and any file that could not name its secrets.
 */
export async function gatherEnvironment(context: EnvironmentContext): Promise<EnvironmentSet> {
  const { settings } = context
  const files = [...(await secretsOf(context))]
  const notes: string[] = []
  const fit = !settings.devMode && settings.redis.tls !== undefined && settings.encryption.enabled
  for (const environment of fit ? (['production', 'development'] as const) : (['development'] as const)) {
    const file = await renderOne(context, files, environment)
    if (file === undefined)
      notes.push(`no .env.${environment} was written: the folder's name cannot stand in an environment file`)
    else files.push(file)
  }
  return { files, notes }
}

/** Secrets beside passwords and TLS: those of the settings, else the ones kept here, else new ones. */
async function secretsOf(context: EnvironmentContext): Promise<readonly OutputFile[]> {
  const { encryption, security, redis, server, users } = context.settings
  const accepted = encryption.acceptedKeys.map((key) => key.reveal()).join(',')
  const rows: readonly (readonly [file: string, text: string | undefined])[] = [
    ['encryption_key', encryption.key?.reveal() ?? (await keptOrNew('encryption_key', context))],
    ['encryption_accepted_keys', accepted === '' ? undefined : accepted],
    ['encryption_passphrase', encryption.passphrase?.reveal()],
    ['status_token', security.statusToken?.reveal() ?? (await keptOrNew('status_token', context))],
    // No secret, but a text that no reader of environment files agrees about.
    ['key_prefix', environmentText(redis.keyPrefix) === undefined ? redis.keyPrefix : undefined],
    ...server.extraRoles.map((role) => {
      const { keyPrefix = '' } = users[role]
      return [`${role}_prefix`, environmentText(keyPrefix) === undefined ? keyPrefix : undefined] as const
    }),
  ]
  return rows.flatMap(([file, text]) =>
    text === undefined ? [] : [{ path: inFolder('app', file), text: `${text}\n`, mode: PRIVATE }],
  )
}

const VARIABLE_OF: Readonly<Record<string, string>> = {
  encryption_key: 'REDIS_ENCRYPTION_KEY_FILE',
  encryption_accepted_keys: 'REDIS_ENCRYPTION_ACCEPTED_KEYS_FILE',
  encryption_passphrase: 'REDIS_ENCRYPTION_PASSPHRASE_FILE',
  status_token: 'SECURITY_STATUS_TOKEN_FILE',
  key_prefix: 'REDIS_KEY_PREFIX_FILE',
  sessions_prefix: 'REDIS_SESSIONS_PREFIX_FILE',
  rate_limit_prefix: 'REDIS_RATE_LIMIT_PREFIX_FILE',
  queue_prefix: 'REDIS_QUEUE_PREFIX_FILE',
}

async function renderOne(
  context: EnvironmentContext,
  secrets: readonly OutputFile[],
  environment: 'production' | 'development',
): Promise<OutputFile | undefined> {
  const { settings, target, command } = context
  const production = environment === 'production'
  const mounted = production && target === 'container'
  const folder = mounted ? BACKEND_MOUNT : join(context.out, 'app').split(sep).join('/')
  if (environmentText(folder) === undefined) return undefined
  const inApp = (file: string): string => posix.join(folder, file)
  // Production's keys stay out of development.
  const own = secrets.filter(({ path }) =>
    production ? Object.hasOwn(VARIABLE_OF, posix.basename(path)) : /_prefix$|\/status_token$/.test(path),
  )
  const path = production ? PRODUCTION_FILE : DEVELOPMENT_FILE
  const groups: readonly { readonly why: string; readonly entries: readonly Entry[] }[] = [
    { why: 'What is refused, and what only warned about.', entries: modeOf(settings, environment) },
    {
      why: mounted
        ? several(settings)
          ? 'The services of docker-compose.yml.'
          : 'The service of docker-compose.yml.'
        : 'Redis, as a program of this machine reaches it.',
      entries: addressOf(settings, { target, mounted }),
    },
    {
      why: 'Logins of the application: its own user, the watcher for the status, clear() with re-sealing.',
      entries: LOGINS.flatMap((role) => [
        ...(role === 'cache' ? [{ name: 'REDIS_CACHE_USERNAME', value: usernameOf(settings, role) }] : []),
        passwordFile(role, inApp),
      ]),
    },
    {
      why: 'Users beside the cache, for createRedisClient({ user }), each with keys of its own.',
      entries: settings.server.extraRoles.flatMap((role) => [
        passwordFile(role, inApp),
        ...prefixOf(settings, role),
      ]),
    },
    {
      why: 'TLS: our authority, and the certificate of the application.',
      entries:
        settings.redis.tls === undefined
          ? []
          : [
              ...TLS_FILES.map(([name, file]) => ({ name, value: inApp(file) })),
              { name: 'REDIS_TLS_PROFILE', value: settings.redis.tls.profile },
            ],
    },
    {
      why: 'Seals every value; whoever has it can read the cache. The token opens the security status.',
      entries: [
        ...own.map((file) => ({
          name: VARIABLE_OF[posix.basename(file.path)] ?? '',
          value: inApp(posix.basename(file.path)),
        })),
        ...(production ? [] : [{ name: 'REDIS_ENCRYPTION_KEY', value: await developmentKey(context) }]),
      ],
    },
    {
      why: 'Keys of an earlier application, read until the date; users.acl has rights to them for as long.',
      entries: earlierKeys(context),
    },
  ]
  const filled = groups.filter(({ entries }) => entries.length > 0)
  const text = await renderTemplate('env-file.hbs', { environment, command, groups: filled })
  return { path, text, mode: PRIVATE }
}

/** As `users.acl` has them: the two files are written together. */
function earlierKeys({ settings: { cache }, now }: EnvironmentContext): readonly Entry[] {
  const prefixes = openPrefixes(cache, now())
  const text = environmentText(prefixes.join(','))
  if (prefixes.length === 0 || text === undefined) return []
  return [
    { name: 'CACHE_READ_MODE', value: cache.readMode },
    { name: 'CACHE_READ_MODE_UNTIL', value: cache.readModeUntil?.toISOString().replace('.000', '') ?? '' },
    { name: 'CACHE_LEGACY_PREFIXES', value: prefixes.join(',') },
  ]
}

function several({ server }: Settings): boolean {
  return server.topology !== 'standalone'
}

function passwordFile(role: UserRole, inApp: (file: string) => string): Entry {
  return { name: `${passwordVariable(role)}_FILE`, value: inApp(posix.basename(passwordPath(role))) }
}

/** In a file of its own where no reader of environment files would agree about it. */
function prefixOf({ users }: Settings, role: ExtraRole): readonly Entry[] {
  const { keyPrefix = '' } = users[role]
  const name = `REDIS_${role.toUpperCase()}_PREFIX`
  return environmentText(keyPrefix) === undefined ? [] : [{ name, value: keyPrefix }]
}

function modeOf(settings: Settings, environment: string): readonly Entry[] {
  const rows: readonly (readonly [name: string, value: string | undefined])[] = [
    ['NODE_ENV', environment],
    ['REDIS_DEV_MODE', settings.devMode ? 'true' : undefined],
    ['REDIS_TLS_ENABLED', settings.devMode && settings.redis.tls === undefined ? 'false' : undefined],
    ['REDIS_UNSAFE_NO_TLS', !settings.devMode && settings.redis.tls === undefined ? 'true' : undefined],
  ]
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]))
}

/** Where the application finds Redis: from a container beside it (`mounted`), or from a program of this machine. */
export function addressOf(
  settings: Settings,
  { target, mounted }: { readonly target: Target; readonly mounted: boolean },
): readonly Entry[] {
  const local = target === 'container' ? '127.0.0.1' : settings.redis.host
  const prefix = settings.redis.keyPrefix
  const finding = findingVariables({ settings, target }, mounted ? 'main' : 'development')
  return [
    ...(finding ?? [
      { name: 'REDIS_HOST', value: mounted ? 'redis' : local },
      { name: 'REDIS_PORT', value: String(mounted ? CONTAINER_PORT : settings.redis.port) },
    ]),
    ...(environmentText(prefix) === undefined ? [] : [{ name: 'REDIS_KEY_PREFIX', value: prefix }]),
  ]
}

/** Kept while it stands in the file, so that a second run changes nothing. */
async function developmentKey({ read, random = randomBytes }: EnvironmentContext): Promise<string> {
  const kept = parse((await read(DEVELOPMENT_FILE)) ?? '')['REDIS_ENCRYPTION_KEY']
  return kept !== undefined && /^[A-Za-z0-9_-]{43}$/.test(kept)
    ? kept
    : random(SECRET_BYTES).toString('base64url')
}

async function keptOrNew(file: string, { read, random = randomBytes }: EnvironmentContext): Promise<string> {
  const kept = (await read(inFolder('app', file)))?.replace(/\r?\n$/, '')
  return kept !== undefined && kept !== '' ? kept : random(SECRET_BYTES).toString('base64url')
}
