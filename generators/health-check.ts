import type { Settings } from '../lib/settings/settings.js'
import { serverPath, type Target } from './folder.js'
import { listenerOf } from './listener.js'
import { passwordPath, usernameOf } from './password-set.js'
import { shellWord } from './quoting.js'

/**
 * A shell command that prints PONG where TLS, certificate and login work, and fails otherwise. `-e` and the
 * comparison matter: `redis-cli ping` alone exits 0 on NOAUTH (CMP-012). The password is read from its file
 * into the environment of this one process, never onto a command line.
 */
export function healthCheck(input: {
  readonly settings: Settings
  readonly target: Target
  readonly out: string
}): string {
  const path = (file: string): string => shellWord(serverPath(input, file))
  const { nearAddress, port } = listenerOf(input)
  const tls = ['--tls', `--cacert ${path('tls/ca.crt')}`, `--cert ${path('tls/health.crt')}`]
  return [
    `REDISCLI_AUTH="$(cat ${path(passwordPath('health'))})"`,
    'redis-cli -e --no-auth-warning',
    `--user ${shellWord(usernameOf(input.settings, 'health'))}`,
    ...(input.settings.redis.tls === undefined ? [] : [...tls, `--key ${path('tls/health.key')}`]),
    `-h ${shellWord(nearAddress)} -p ${port} ping | grep -qx PONG`,
  ].join(' ')
}
