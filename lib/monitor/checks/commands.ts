import type { HostPort, Settings } from '../../settings/settings.js'
import type { Evidence, ServerReach } from '../observations.js'

/** Who types it: `operator` looks and loads users.acl, `admin` may do anything. */
type Person = 'operator' | 'admin'

/**
 * A redis-cli line for people, to be typed in the generated folder (`secure-redis/`). It asks for the password, so
 * that this is in no history and no list of processes.
 */
export function redisCli({ server }: Pick<Evidence, 'server'>, person: Person, command: string): string {
  const reach = server === undefined ? [] : ['-h', shellWord(server.host), '-p', String(server.port)]
  const tls =
    server?.overTls === false
      ? []
      : ['--tls --cacert operator/ca.crt', `--cert operator/${person}.crt --key operator/${person}.key`]
  return ['`redis-cli', ...reach, ...tls, `--user ${person}`, '--askpass', `${command}\``].join(' ')
}

/** How people reach the server that a connection uses now. */
export function serverReach(
  { address }: { readonly address: HostPort },
  { redis }: Pick<Settings, 'redis'>,
): ServerReach {
  return { ...address, overTls: redis.tls !== undefined }
}

/** A host is a name or an address; whatever else stands in the settings must not act on a shell. */
function shellWord(text: string): string {
  return /^[\w.:%-]+$/.test(text) ? text : `'${text.replaceAll(/['`]/g, '')}'`
}
