import type { HostPort, RedisSettings } from '../settings/settings.js'

/** The same settings for one server of a topology, reached directly. */
export function atNode(settings: RedisSettings, { host, port }: HostPort): RedisSettings {
  return { ...settings, topology: 'standalone', host, port }
}
