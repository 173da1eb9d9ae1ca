import type { HostPort, Settings } from '../lib/settings/settings.js'
import { inFolder, serverPath, type DirectoryName, type Target } from './folder.js'
import { listenerOf } from './listener.js'
import { passwordPath, usernameOf } from './password-set.js'
import { shellWord } from './quoting.js'
import { programsOf, type Programs } from './server-version.js'

const REDIS = { product: 'redis', major: 7, minor: 0 } as const

/**
 * A shell command that prints PONG where TLS, certificate and login work, and fails otherwise. `-e` and the
 * comparison matter: `redis-cli ping` alone exits 0 on NOAUTH (CMP-012). The password is read from its file
 * into the environment of this one process, never onto a command line.
 */
export function healthCheck(input: {
  readonly settings: Settings
  readonly target: Target
  readonly out: string
  /** Of Redis where absent. */
  readonly programs?: Programs | undefined
  /** One of several servers; the only one where absent. */
  readonly at?: HostPort | undefined
  /** Where certificate and password lie, where that is one directory of its own. */
  readonly home?: DirectoryName | undefined
}): string {
  const { settings, programs = programsOf(REDIS), home } = input
  const { host, port } = input.at ?? nearHost(input)
  const tls = home ?? 'tls'
  const path = (file: string): string => shellWord(serverPath(input, file))
  const certificate = ['--tls', `--cacert ${path(`${tls}/ca.crt`)}`, `--cert ${path(`${tls}/health.crt`)}`]
  const password = home === undefined ? passwordPath('health') : inFolder(home, 'health_password')
  return [
    ...programs.passwordVariables.map((name) => `${name}="$(cat ${path(password)})"`),
    `${programs.cli} -e --no-auth-warning`,
    `--user ${shellWord(usernameOf(settings, 'health'))}`,
    ...(settings.redis.tls === undefined ? [] : [...certificate, `--key ${path(`${tls}/health.key`)}`]),
    `-h ${shellWord(host)} -p ${port} ping | grep -qx PONG`,
  ].join(' ')
}

function nearHost(place: Parameters<typeof listenerOf>[0]): HostPort {
  const { nearAddress, port } = listenerOf(place)
  return { host: nearAddress, port }
}
