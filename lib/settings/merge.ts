import type { Source, Sources } from './sources.js'
import type { VariableName } from './table.js'

/** Options that say the same thing in another way: they silence these variables of the environment. */
const DISPLACES: Readonly<Partial<Record<VariableName, readonly VariableName[]>>> = {
  REDIS_URL: ['REDIS_HOST', 'REDIS_PORT', 'REDIS_SENTINELS', 'REDIS_CLUSTER_NODES', 'REDIS_TLS_ENABLED'],
  REDIS_HOST: ['REDIS_URL', 'REDIS_SENTINELS', 'REDIS_CLUSTER_NODES'],
  REDIS_PORT: ['REDIS_URL', 'REDIS_SENTINELS', 'REDIS_CLUSTER_NODES'],
}

/** Options over environment, each text under its variable. */
export function merge(environment: Sources, options: Sources): Sources {
  const merged = new Map<VariableName, Source>(environment)
  for (const name of options.keys()) {
    for (const displaced of DISPLACES[name] ?? []) merged.delete(displaced)
  }
  for (const [name, source] of options) merged.set(loginVariable(name, options, environment), source)
  return merged
}

/**
 * A password in code is the one of the application's own login: of the default user where neither code nor
 * environment speak of another user.
 */
function loginVariable(name: VariableName, options: Sources, environment: Sources): VariableName {
  if (name !== 'REDIS_CACHE_PASSWORD') return name
  const speaksOfUser =
    options.has('REDIS_CACHE_USERNAME') ||
    environment.has('REDIS_CACHE_USERNAME') ||
    environment.has('REDIS_CACHE_PASSWORD')
  return speaksOfUser ? name : 'REDIS_PASSWORD'
}
