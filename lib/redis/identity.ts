import type { RedisSettings } from '../settings/settings.js'
import type { ErrorContext } from './error-mapping.js'
import type { Login } from './login.js'

/** Who connects where, in words that may be shown. */
export interface Identity {
  /** `host:port`. */
  readonly endpoint: string
  /** The user that logs in; absent where no login is sent. */
  readonly userName: string | undefined
  readonly errorContext: ErrorContext
}

export function identityOf({ host, port, tls, keyPrefix }: RedisSettings, login: Login): Identity {
  const endpoint = `${host.includes(':') ? `[${host}]` : host}:${port}`
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
