import type { Mapping, Seen } from './error-mapping.js'
import { addressOf } from './error-mapping.js'

/** Errors of the socket, by `error.code` (Node, errno). */
export const SYSTEM: Readonly<Record<string, Mapping>> = {
  ECONNREFUSED: {
    code: 'ERR_REDIS_REFUSED',
    message: (seen) =>
      `nothing listens at ${addressOf(seen)}: start Redis, or correct REDIS_HOST and REDIS_PORT (REDIS_URL)`,
  },
  ENOTFOUND: { code: 'ERR_REDIS_HOST_NOT_FOUND', message: hostNotFound },
  EAI_AGAIN: { code: 'ERR_REDIS_HOST_NOT_FOUND', message: hostNotFound },
  ETIMEDOUT: { code: 'ERR_REDIS_UNREACHABLE', message: unreachable },
  EHOSTUNREACH: { code: 'ERR_REDIS_UNREACHABLE', message: unreachable },
  ENETUNREACH: { code: 'ERR_REDIS_UNREACHABLE', message: unreachable },
  EACCES: { code: 'ERR_REDIS_UNREACHABLE', message: unreachable },
  ECONNRESET: { code: 'ERR_REDIS_RESET', message: reset },
  EPIPE: { code: 'ERR_REDIS_RESET', message: reset },
}

function hostNotFound({ context }: Seen): string {
  return `the host of ${context.endpoint ?? 'Redis'} cannot be resolved: correct REDIS_HOST (or REDIS_URL), or look at the name server`
}

function unreachable(seen: Seen): string {
  return `no answer from ${addressOf(seen)} within CACHE_CONNECT_TIMEOUT_MS: look at the network, a firewall, or the server's load`
}

function reset(seen: Seen): string {
  const plaintext =
    seen.context.tls === false && seen.context.connecting === true
      ? '; if this port speaks TLS, set REDIS_TLS_ENABLED=true'
      : ''
  return `the connection to ${addressOf(seen)} was cut: Redis restarts, has no room for another client (maxclients, maxmemory-clients), or was sent more than proto-max-bulk-len${plaintext}`
}
