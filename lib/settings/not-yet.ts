import { onRedis, type Draft, type Requirement } from './draft.js'

const connects = (draft: Draft) => draft.purpose === 'application' && onRedis(draft)

/**
 * Settings with a place and a meaning that nothing acts on yet. They are refused: a protection or a server
 * that is silently not used would be worse than none. Whoever builds the missing part removes its row.
 */
export const NOT_YET: readonly Requirement[] = [
  {
    on: ['CACHE_KEY_NAMES'],
    broken: ({ values }) => values.CACHE_KEY_NAMES === 'hmac',
    message: 'hmac is not available yet: key names would stay readable. Write plain.',
  },
  {
    on: ['REDIS_CLUSTER_NODES'],
    broken: (draft) => connects(draft) && draft.values.REDIS_CLUSTER_NODES !== undefined,
    message: 'the client cannot use a Cluster yet. Set REDIS_HOST and REDIS_PORT of a single server instead.',
  },
]
