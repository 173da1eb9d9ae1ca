import { isIP } from 'node:net'
import { ConfigError } from '../lib/errors.js'
import type { Settings } from '../lib/settings/settings.js'
import type { Target } from './folder.js'

/** The port inside the container; nobody outside its network sees it. */
export const CONTAINER_PORT = 6379
const WILDCARDS: ReadonlySet<string> = new Set(['*', '0.0.0.0', '::'])
const LOOPBACK = '127.0.0.1'

export interface Listener {
  /** Arguments of `bind`, not quoted. */
  readonly bind: readonly string[]
  readonly port: number
  /** An address under which a program beside the server reaches it. */
  readonly nearAddress: string
}

type Place = { readonly settings: Settings; readonly target: Target }

/**
 * Where the server listens: the container's own port, or the address and port of the settings.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID for a REDIS_BIND_ADDRESS that is no address, or one that nobody
 *   outside the container could reach
 */
export function listenerOf({ settings, target }: Place): Listener {
  const bind = settings.server.bindAddress.split(/[\s,]+/).filter((address) => address !== '')
  if (bind.length === 0 || !bind.every((address) => address === '*' || isIP(plain(address)) !== 0)) {
    throw invalid('must list IP addresses, such as 127.0.0.1 or 10.0.0.5')
  }
  const wildcard = bind.some((address) => WILDCARDS.has(plain(address)))
  if (target === 'container') {
    if (bind.every((address) => isLoopback(plain(address)))) {
      throw invalid(
        'is the loopback address of the container: nobody could connect. Remove it for containers',
      )
    }
    return { bind, port: CONTAINER_PORT, nearAddress: wildcard ? LOOPBACK : plain(bind[0] ?? LOOPBACK) }
  }
  // Without a container around it a wildcard would offer Redis to every network of the machine (NET-002).
  const addresses = wildcard ? [LOOPBACK] : bind
  return { bind: addresses, port: settings.redis.port, nearAddress: plain(addresses[0] ?? LOOPBACK) }
}

/** Names that clients may know the server by: the subject alternative names of its certificate. */
export function serverNames(place: Place): readonly string[] {
  const { redis } = place.settings
  const bound = place.target === 'local' ? listenerOf(place).bind.map(plain) : []
  const asked = [redis.host, redis.tls?.servername ?? ''].map((host) => host.replace(/\.$/, ''))
  const names = ['redis', 'localhost', LOOPBACK, ...asked, ...bound]
  return [...new Set(names.filter((name) => name !== '' && !WILDCARDS.has(name)))]
}

/** Whether the settings name every address: what a container's own network isolates. */
export function listensEverywhere({ server }: Settings): boolean {
  return server.bindAddress.split(/[\s,]+/).some((address) => WILDCARDS.has(plain(address)))
}

function plain(address: string): string {
  // `-` before an address: no error where the machine does not have it (redis.conf, "bind").
  return address.replace(/^-/, '')
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.')
}

function invalid(message: string): ConfigError {
  const name = 'REDIS_BIND_ADDRESS'
  return new ConfigError('ERR_CONFIG_INVALID', `${name}: ${message}`, [{ name, message }])
}
