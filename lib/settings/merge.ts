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
  const speaksOfUser = [environment, options].some((sources) => sources.has('REDIS_CACHE_USERNAME'))
  for (const [name, source] of options) {
    // A password in code belongs to the application's own user, or to the default one where nobody names a user.
    const isDefaultUsers =
      name === 'REDIS_CACHE_PASSWORD' && !speaksOfUser && !environment.has('REDIS_CACHE_PASSWORD')
    merged.set(isDefaultUsers ? 'REDIS_PASSWORD' : name, source)
  }
  return merged
}
