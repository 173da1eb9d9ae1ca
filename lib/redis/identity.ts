import type { HostPort, RedisSettings } from '../settings/settings.js'
import type { ErrorContext } from './error-mapping.js'
import type { Login } from './login.js'

/** Who connects where, in words that may be shown. */
export interface Identity {
  /** `host:port`; for Sentinels the name of the primary and who is asked for it. */
  readonly endpoint: string
  /** The user that logs in; absent where no login is sent. */
  readonly userName: string | undefined
  readonly errorContext: ErrorContext
}

export function identityOf(settings: RedisSettings, login: Login): Identity {
  const { tls, keyPrefix } = settings
  const endpoint = endpointOf(settings)
  const userName = login.password === undefined ? undefined : (login.username ?? 'default')
  return {
    endpoint,
    userName,
    errorContext: {
      endpoint,
      userName,
      tls: tls !== undefined,
      clientCertificate: tls?.cert !== undefined,
      keyPrefix,
    },
  }
}

/** `host:port`, an IPv6 address in brackets. */
export function addressText({ host, port }: HostPort): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function endpointOf(settings: RedisSettings): string {
  const { topology, sentinels, sentinelName = '', clusterNodes } = settings
  if (topology === 'sentinel') return `${sentinelName} (Sentinels ${sentinels.map(addressText).join(', ')})`
  if (topology === 'cluster') return `the Cluster of ${clusterNodes.map(addressText).join(', ')}`
  return addressText(settings)
}
