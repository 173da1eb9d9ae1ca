import type { Mapping, Seen } from './error-mapping.js'
import { addressOf, userOf } from './error-mapping.js'
import { missingRight } from './missing-right.js'

/** Error replies, by their first word (redis.io/docs/latest/develop/reference/protocol-spec, simple errors). */
export const REPLIES: Readonly<Record<string, Mapping>> = {
  WRONGPASS: {
    code: 'ERR_REDIS_WRONGPASS',
    message: (seen) =>
      `Redis refused the login of ${userOf(seen)}: compare REDIS_CACHE_PASSWORD (or REDIS_PASSWORD) with the server's users.acl, and whether the user is on`,
  },
  NOAUTH: {
    code: 'ERR_REDIS_NOAUTH',
    message: 'Redis asks for a login and none was sent: set REDIS_CACHE_PASSWORD, or REDIS_PASSWORD',
  },
  NOPERM: { code: 'ERR_REDIS_NOPERM', message: missingRight },
  WRONGTYPE: {
    code: 'ERR_REDIS_WRONGTYPE',
    message: ({ operation }) =>
      `WRONGTYPE the key holds another type than ${operation} is for: whoever else writes there needs keys of their own`,
  },
  MOVED: { code: 'ERR_REDIS_REPLY', message: elsewhere },
  ASK: { code: 'ERR_REDIS_REPLY', message: elsewhere },
  TRYAGAIN: {
    code: 'ERR_REDIS_REPLY',
    message: 'TRYAGAIN some of these keys are on their way to another node of the Cluster: try again later',
  },
  READONLY: {
    code: 'ERR_REDIS_READONLY',
    message: 'this Redis is a read-only replica: let REDIS_HOST name the primary',
  },
  OOM: {
    code: 'ERR_REDIS_OOM',
    message:
      'Redis has reached maxmemory and refuses writes, reads still work: raise REDIS_MAX_MEMORY, or use the evicting profile REDIS_PROFILE=cache',
  },
  MISCONF: {
    code: 'ERR_REDIS_MISCONF',
    message:
      'Redis cannot save to disk and refuses writes, reads still work: look at its log, free space and permissions of its data folder',
  },
  NOREPLICAS: {
    code: 'ERR_REDIS_REPLY',
    message:
      'NOREPLICAS this primary has lost its replicas and refuses writes, so that nothing is lost with it: bring a replica back, or look at min-replicas-to-write',
  },
  MASTERDOWN: {
    code: 'ERR_REDIS_MASTERDOWN',
    message: 'this replica has lost its primary and serves no stale data: bring the primary back',
  },
  CLUSTERDOWN: {
    code: 'ERR_REDIS_REPLY',
    message:
      'CLUSTERDOWN the Cluster does not serve: nodes are missing, CLUSTER INFO and CLUSTER NODES say which',
  },
  BUSY: {
    code: 'ERR_REDIS_BUSY',
    message: 'Redis is busy with a script: wait for it, or stop it with SCRIPT KILL',
  },
  LOADING: {
    code: 'ERR_REDIS_LOADING',
    message: 'Redis is loading its data from disk: it answers when it is done',
  },
}

/** The word stays: callers of a plain client look for it. */
function elsewhere({ word }: Seen): string {
  return `${word} another node of the Cluster has this key: let REDIS_CLUSTER_NODES name the nodes, or wait until its slots have stopped moving`
}

/** Bytes that are no reply, or a TLS record that does not decrypt, on a connection that worked. */
export const DAMAGED: Mapping = {
  code: 'ERR_REDIS_PROTOCOL',
  message: (seen) =>
    `what answers at ${addressOf(seen)} does not speak the Redis protocol, or the connection was damaged: it was dropped`,
}

/** Replies without a word of their own, and errors of ioredis: recognised by their text, first match wins. */
export const TEXTS: readonly (Mapping & { readonly pattern: RegExp })[] = [
  {
    pattern: /max number of clients/i,
    code: 'ERR_REDIS_MAX_CLIENTS',
    message: 'Redis has no room for another client: raise maxclients, or open fewer connections',
  },
  {
    pattern: /invalid bulk length|string exceeds maximum allowed size/i,
    code: 'ERR_CACHE_TOO_LARGE',
    message:
      'the value is larger than this Redis accepts: lower CACHE_MAX_VALUE_BYTES, or raise proto-max-bulk-len on the server',
  },
  {
    pattern: /unknown RESP type|please report this|protocol error|command queue state|unexpected reply/i,
    ...DAMAGED,
  },
  {
    pattern: /command timed out/i,
    code: 'ERR_CACHE_TIMEOUT',
    message: 'Redis did not answer in time: look at its load, or raise CACHE_TIMEOUT_MS',
  },
  {
    pattern:
      /connection is closed|isn't writeable|retries per request|aborted due to connection|socket closed/i,
    code: 'ERR_CACHE_UNAVAILABLE',
    message: (seen) => `there is no connection to Redis at ${addressOf(seen)}: it is being retried`,
  },
]
