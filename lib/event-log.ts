import type { EventType } from './events.js'

export type LogLevel = 'info' | 'warn' | 'error'

/** How an event reads in the log. */
interface EventLine {
  readonly sentence: string
  /** Term of the OWASP Application Logging Vocabulary, where it has one. */
  readonly owasp?: string
}

/** https://cheatsheetseries.owasp.org/cheatsheets/Logging_Vocabulary_Cheat_Sheet.html */
export const EVENT_LOG: Readonly<Record<EventType, EventLine>> = {
  'auth.success': { sentence: 'Redis accepted the login', owasp: 'authn_login_success' },
  'auth.failure': { sentence: 'Redis refused a login', owasp: 'authn_login_fail' },
  'auth.recovered': {
    sentence: 'Redis accepted the login after failures',
    owasp: 'authn_login_successafterfail',
  },
  'auth.brute_force': {
    sentence: 'many failed logins: somebody may be guessing passwords',
    owasp: 'authn_login_fail_max',
  },
  'acl.denied': { sentence: 'Redis denied a command or key', owasp: 'authz_fail' },
  'acl.changed': { sentence: 'the rights of a Redis user changed', owasp: 'authz_change' },
  'decrypt.failure': { sentence: 'a value could not be opened', owasp: 'crypt_decrypt_fail' },
  'encrypt.failure': { sentence: 'a value could not be sealed', owasp: 'crypt_encrypt_fail' },
  'tls.failure': { sentence: 'TLS with Redis failed' },
  'tls.expiring': { sentence: 'a certificate expires soon' },
  'server.plaintext_client': { sentence: 'clients are connected to Redis without TLS' },
  'server.rejected': { sentence: 'Redis rejected connections' },
  'clock.skew': { sentence: 'a value comes from the future: the clocks of the instances differ' },
  'redis.unavailable': { sentence: 'Redis is unavailable: reads are misses, writes are dropped' },
  'redis.recovered': { sentence: 'Redis is available again' },
  'config.insecure': { sentence: 'an insecure setting is in use' },
  'config.reloaded': { sentence: 'settings were reloaded' },
  'key.rotated': { sentence: 'another key seals values from now on' },
  'alert.sent': { sentence: 'an alert was sent' },
  'alert.suppressed': { sentence: 'alerts were held back' },
  'alert.failed': { sentence: 'an alert could not be sent' },
}
