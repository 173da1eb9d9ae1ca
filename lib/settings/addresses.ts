import { isIP, isIPv6 } from 'node:net'
import { integer } from './numbers.js'
import { password } from './secret-texts.js'
import { Secret } from './secret.js'
import type { HostPort } from './settings.js'
import { username } from './texts.js'
import { refuse, type Validator } from './validator.js'

/** RFC 1123 names, with the underscore that container networks allow; at most 253 characters. */
const NAME =
  /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?$/

export const port = integer({ from: 1, to: 65_535 })

/** A host name or an IP address; IPv6 with or without brackets, returned without. */
export const host: Validator<string> = {
  expected: 'a host name or an IP address, without scheme and port',
  parse: (text) => {
    const name = text.trim().replace(/^\[(.*)\]$/, '$1')
    if (name.includes('://')) refuse('expected a host name, got a URL: set REDIS_URL instead')
    if (isIPv6(name) || NAME.test(name)) return name
    if (/^[^:]+:\d+$/.test(name)) refuse('expected a host name without a port: the port goes into REDIS_PORT')
    return refuse(`expected ${host.expected}`)
  },
}

/** `host:port,…`, as Sentinels and Cluster nodes are listed. */
export const hostPorts: Validator<readonly HostPort[]> = {
  expected: 'host:port, several separated by commas (IPv6 as [::1]:6379)',
  parse: (text) => {
    const entries = text
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
    return entries.length > 0 ? entries.map(hostPort) : refuse(`expected ${hostPorts.expected}`)
  },
}

function hostPort(entry: string): HostPort {
  const [, name, number] = /^(\[[^\]]+\]|[^:[\]]+):(\d+)$/.exec(entry) ?? []
  if (name === undefined || number === undefined) return refuse(`expected ${hostPorts.expected}`)
  return { host: host.parse(name), port: port.parse(number) }
}

/** What a `redis://` or `rediss://` address says. The scheme decides about TLS. */
export interface RedisUrl extends HostPort {
  readonly tls: boolean
  /** Absent also for `default`, the user that a password alone belongs to. */
  readonly username?: string | undefined
  readonly password?: Secret | undefined
}

const SCHEMES: ReadonlyMap<string, boolean> = new Map([
  ['redis:', false],
  ['rediss:', true],
])

const PERCENT =
  'percent-encode user name and password (encodeURIComponent), or give them in REDIS_CACHE_PASSWORD'

export const redisUrl: Validator<RedisUrl> = {
  expected: 'rediss://host:port (TLS) or redis://host:port, with user:password@ before the host where wanted',
  parse: (text) => {
    // Hosts of unknown schemes keep their case, unlike those of http: RFC 3986, 3.2.2 ignores it.
    const url = urlOf(text.trim(), PERCENT)
    const tls = SCHEMES.get(url.protocol)
    if (tls === undefined) return refuse(`expected ${redisUrl.expected}`)
    if (url.hostname === '') return refuse('expected a host after the scheme')
    if (!/^\/?0?$/.test(url.pathname)) {
      return refuse(
        `expected no path (database 0 is the only one: tell applications apart by REDIS_KEY_PREFIX); ${PERCENT}`,
      )
    }
    if (url.search !== '' || url.hash !== '') return refuse(`expected no parameters; ${PERCENT}`)
    const user = decoded(url.username)
    const secret = decoded(url.password)
    return {
      tls,
      host: host.parse(url.hostname),
      port: url.port === '' ? 6379 : port.parse(url.port),
      // What is refused in a variable of its own must not come in by percent-encoding.
      username: user === '' || user === 'default' ? undefined : username.parse(user),
      password: secret === '' ? undefined : password.parse(secret),
    }
  },
}

/** Addresses that Redis listens on, as `bind` of redis.conf takes them (`-` before one: no error if absent). */
export const bindAddress: Validator<string> = {
  expected: 'IP addresses separated by spaces, such as 0.0.0.0 or 127.0.0.1 -::1',
  parse: (text) => {
    const addresses = text.split(/[\s,]+/).filter((address) => address !== '')
    const fine = addresses.every((address) => address === '*' || isIP(address.replace(/^-/, '')) !== 0)
    return fine && addresses.length > 0 ? addresses.join(' ') : refuse(`expected ${bindAddress.expected}`)
  },
}

/** Secret as a whole: addresses of chat services carry their token in the path. */
export const webhookUrl: Validator<Secret> = secretUrl(['https:', 'http:'], 'an https:// address')

export const smtpUrl: Validator<Secret> = secretUrl(
  ['smtps:', 'smtp:'],
  'smtps://user:password@host:port (TLS) or smtp://… (STARTTLS)',
)

function secretUrl(schemes: readonly string[], expected: string): Validator<Secret> {
  return {
    expected,
    parse: (text) => {
      const url = urlOf(text.trim(), 'percent-encode user name and password (encodeURIComponent)')
      if (!schemes.includes(url.protocol) || url.hostname === '') return refuse(`expected ${expected}`)
      return new Secret(text.trim())
    },
  }
}

function urlOf(text: string, remedy: string): URL {
  // `new URL` drops tabs and line breaks silently: another address than the one that was written.
  if (/[\s\p{Cc}]/u.test(text)) return refuse('expected a URL without white space')
  // The error of `new URL` carries the address, password included: it never leaves this function.
  if (!URL.canParse(text)) return refuse(`expected a valid URL; ${remedy}`)
  return new URL(text)
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return refuse(`expected valid percent-encoding; ${PERCENT}`)
  }
}
