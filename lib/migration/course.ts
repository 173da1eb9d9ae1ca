import { passwordHash, type AclUser } from '../access/roles.js'
import { Secret } from '../settings/secret.js'
import type { Settings, TlsSettings, UserRole, UserSettings } from '../settings/settings.js'
import type { Progress } from './progress.js'
import type { KeptCourse, StepId } from './records.js'
import type { Step } from './step.js'
import { ALL_STEPS } from './steps.js'

/**
 * What a migration is about: fixed when it begins. Settings change on the way, because the application's are the same
 * ones, and both directions ask for changes of them.
 */
export interface Course {
  readonly steps: readonly Step[]
  /** Those of now, but with prefix, names and, where they have none any more, TLS as it began. */
  readonly settings: Settings
  readonly users: Readonly<Partial<Record<UserRole, UserSettings>>>
  readonly hashes: Readonly<Partial<Record<UserRole, AclUser>>>
}

type Users = Course['users']

/** The course that the settings describe. */
export function courseOf(settings: Settings): Course {
  const users = usersWithPassword(settings)
  return { settings, users, hashes: hashesOf(users), steps: stepsOf(settings) }
}

/** The course of a migration under way: the journal's word, with the passwords and certificates of today. */
export function courseUnderWay(settings: Settings, { begun, hasForgotten }: Progress): Course {
  const today = courseOf(settings)
  if (begun === undefined) return today
  const kept = begun.course
  const { redis, cache } = settings
  const tls = redis.tls ?? tlsOf(kept)
  const names = Object.fromEntries(
    kept.users.map(({ role, username }) => [role, { ...today.users[role], username }]),
  ) as Users
  return {
    steps: ALL_STEPS.filter(({ id }) => kept.steps.includes(id)).map((step) =>
      // No step has made another way: the server is reached as it was before all of them.
      hasForgotten ? { ...step, wayAfter: (before) => before } : step,
    ),
    settings: {
      ...settings,
      users: { ...settings.users, ...names },
      redis: { ...redis, keyPrefix: kept.keyPrefix, ...(tls === undefined ? {} : { tls }) },
      cache: { ...cache, legacyPrefixes: [...new Set([...kept.earlierPrefixes, ...cache.legacyPrefixes])] },
    },
    users: { ...today.users, ...names },
    hashes: {
      ...today.hashes,
      ...Object.fromEntries(
        kept.users.map(({ role, username, passwordHash: hash }) => [
          role,
          { username, passwordHashes: today.hashes[role]?.passwordHashes ?? [hash] },
        ]),
      ),
    },
  }
}

/** What of a course the journal keeps. */
export function keptCourse({ steps, settings, users }: Course): KeptCourse {
  const { keyPrefix, tls } = settings.redis
  return {
    steps: steps.map(({ id }) => id),
    keyPrefix,
    earlierPrefixes: settings.cache.legacyPrefixes,
    users: (Object.entries(users) as [UserRole, UserSettings][]).flatMap(([role, { username, password }]) =>
      password === undefined ? [] : [{ role, username, passwordHash: passwordHash(password) }],
    ),
    ...(tls === undefined ? {} : { tls: { ...tls, key: tls.key?.reveal() } }),
  }
}

const SETTING_OF_STEP: Readonly<Partial<Record<StepId, string>>> = {
  tls: 'REDIS_TLS_ENABLED',
  encryption: 'CACHE_UNSAFE_NO_ENCRYPTION',
}

const PASSWORDS: Readonly<Record<string, string>> = {
  admin: 'REDIS_PASSWORD',
  cache: 'REDIS_CACHE_PASSWORD',
}

/** What the settings say now that is not what the migration began with, by name. The way back does not mind. */
export function differencesOf(settings: Settings, { begun }: Progress): readonly string[] {
  if (begun === undefined) return []
  const { course } = begun
  const today = courseOf(settings)
  const present = new Set(today.steps.map(({ id }) => id))
  const steps = ALL_STEPS.filter(({ id }) => present.has(id) !== course.steps.includes(id))
  const users = course.users.flatMap(({ role, username }) => {
    const found = today.users[role]
    if (found === undefined) return [`${passwordVariable(role)} (it is missing)`]
    return found.username === username ? [] : [`the name of the user for ${role}`]
  })
  const names = [
    ...(settings.redis.keyPrefix === course.keyPrefix ? [] : ['REDIS_KEY_PREFIX']),
    ...steps.map(({ id }) => `${SETTING_OF_STEP[id] ?? 'the settings'} (the step ${id})`),
    ...users,
  ]
  if (names.length === 0) return []
  return [
    `the settings are not those that the migration began with: ${names.join(', ')}. Change them back; ` +
      'or take it back, which goes by the journal (secure-cache migrate rollback --all), and begin anew',
  ]
}

function passwordVariable(role: UserRole): string {
  return PASSWORDS[role] ?? `REDIS_${role.toUpperCase()}_PASSWORD`
}

function stepsOf(settings: Settings): readonly Step[] {
  return ALL_STEPS.filter(
    ({ id }) =>
      (id !== 'tls' || settings.redis.tls !== undefined) &&
      (id !== 'encryption' || settings.encryption.enabled),
  )
}

function usersWithPassword(settings: Settings): Users {
  const given = Object.entries(settings.users) as [UserRole, UserSettings][]
  return Object.fromEntries(
    given.flatMap(([role, { username, password }]) =>
      // The default user goes off, so it cannot be ours.
      password === undefined
        ? []
        : [[role, { username: username === 'default' ? role : username, password }]],
    ),
  )
}

function hashesOf(users: Users): Course['hashes'] {
  return Object.fromEntries(
    (Object.entries(users) as [UserRole, UserSettings][]).flatMap(([role, { username, password }]) =>
      password === undefined ? [] : [[role, { username, passwordHashes: [passwordHash(password)] }]],
    ),
  )
}

function tlsOf({ tls }: KeptCourse): TlsSettings | undefined {
  return tls === undefined
    ? undefined
    : { ...tls, key: tls.key === undefined ? undefined : new Secret(tls.key) }
}
