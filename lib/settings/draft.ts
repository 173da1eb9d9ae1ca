import type { Secret } from './secret.js'
import type { Settings } from './settings.js'
import type { Sources } from './sources.js'
import type { Values, VariableName } from './table.js'

/**
 * What is read for: the generator makes the files and the server that an application needs to find; a sealer
 * needs no store at all.
 */
export type Purpose = 'application' | 'generator' | 'sealer'

/** Settings half read: every variable by itself is fine or reported, their agreement is not judged yet. */
export interface Draft {
  readonly values: Values
  readonly sources: Sources
  readonly environment: Settings['environment']
  readonly purpose: Purpose
  readonly onFailure: 'degrade' | 'throw'
  readonly now: number
}

/** How the application logs in. */
export interface Login {
  readonly authentication: 'none' | 'password' | 'acl'
  readonly username?: string | undefined
  readonly password?: Secret | undefined
}

/** What must hold. Where `broken` does, it is a problem of the first of `on` that is given. */
export interface Requirement {
  readonly on: readonly [VariableName, ...VariableName[]]
  readonly broken: (draft: Draft) => boolean
  readonly message: string | ((draft: Draft) => string)
}

/** Given at all, also where the text was refused: a refused one is not missing as well. */
export function isGiven({ sources }: Draft, ...names: readonly VariableName[]): boolean {
  return names.some((name) => sources.has(name))
}

/** As the person who set it finds it: the variable, its `_FILE`, or the option. */
export function labelOf({ sources }: Draft, name: VariableName): string {
  return sources.get(name)?.label ?? name
}

const REDIS_IS_MEANT: readonly VariableName[] = [
  'REDIS_URL',
  'REDIS_HOST',
  'REDIS_PASSWORD',
  'REDIS_CACHE_PASSWORD',
  'REDIS_SENTINELS',
  'REDIS_CLUSTER_NODES',
]

export function onRedis(draft: Draft): boolean {
  return backendOf(draft) === 'redis'
}

export function inProduction({ environment }: Draft): boolean {
  return environment === 'production'
}

/** The key that seals and those that open besides. */
export function keysOf({ values }: Draft): readonly Secret[] {
  const { REDIS_ENCRYPTION_KEY: key, REDIS_ENCRYPTION_ACCEPTED_KEYS: accepted = [] } = values
  return key === undefined ? accepted : [key, ...accepted]
}

export function backendOf(draft: Draft): 'redis' | 'memory' {
  // The generator configures a server whatever the application in this environment uses.
  if (draft.purpose === 'generator') return 'redis'
  if (draft.purpose === 'sealer') return 'memory'
  const { CACHE_BACKEND: backend } = draft.values
  if (backend !== 'auto') return backend
  return isGiven(draft, ...REDIS_IS_MEANT) ? 'redis' : 'memory'
}

/** The scheme of a URL decides; else REDIS_TLS_ENABLED; else everything but development mode is encrypted. */
export function usesTls({ values }: Draft): boolean {
  return (
    values.REDIS_URL?.tls ??
    values.REDIS_TLS_ENABLED ??
    !(values.REDIS_DEV_MODE || values.REDIS_UNSAFE_NO_TLS)
  )
}

/** The application's own login. What stands in code comes first, then this order. */
export function loginOf(draft: Draft): Login {
  const { REDIS_URL: url, ...values } = draft.values
  const inCode = (name: VariableName) => draft.sources.get(name)?.from === 'options'
  const own = isGiven(draft, 'REDIS_CACHE_USERNAME') ? values.REDIS_CACHE_USERNAME : undefined
  const offers = [
    { by: 'REDIS_URL', username: url?.username, password: url?.password },
    {
      by: 'REDIS_CACHE_PASSWORD',
      username: own ?? url?.username ?? values.REDIS_CACHE_USERNAME,
      password: values.REDIS_CACHE_PASSWORD,
    },
    { by: 'REDIS_PASSWORD', username: url?.username, password: values.REDIS_PASSWORD },
  ] as const
  const made = offers.filter((offer) => offer.password !== undefined)
  const chosen = made.find((offer) => inCode(offer.by)) ?? made[0]
  if (chosen === undefined) return { authentication: 'none' }
  const username = inCode('REDIS_CACHE_USERNAME') ? own : chosen.username
  return username === undefined || username === 'default'
    ? { authentication: 'password', password: chosen.password }
    : { authentication: 'acl', username, password: chosen.password }
}
