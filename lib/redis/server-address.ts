import { isIP } from 'node:net'
import type { HostPort, RedisSettings } from '../settings/settings.js'

/** The same settings for one server of a topology, reached directly. */
export function atNode(settings: RedisSettings, { host, port }: HostPort): RedisSettings {
  return { ...settings, topology: 'standalone', host, port }
}

/**
 * An address by the word of a server. It is only a hint: whoever is there must show a certificate for this
 * name and accept the login.
 */
export function readAddress(host: string, port: string): HostPort | undefined {
  const isHost = isIP(host) !== 0 || /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(host)
  if (!isHost || !/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535) return undefined
  return { host, port: Number(port) }
}

/** The same by a node of a Cluster, which leaves its own host empty where it does not know it. */
export function readNodeAddress(host: string, port: string, origin: HostPort): HostPort | undefined {
  return readAddress(host === '' ? origin.host : host, port)
}
