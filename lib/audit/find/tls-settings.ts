import { envValue, type EnvFile } from '../formats/dotenv.js'
import { lastDirective, settingOf, type RedisConf } from '../formats/redis-conf.js'
import { posix } from 'node:path'
import type { Hit } from '../rule.js'
import { allOf, confsOf, otherThan, setting, type Find } from './settings.js'

/** Whether a configuration serves TLS at all: without it (TLS-001), how does not matter. */
function servesTls(conf: RedisConf): boolean {
  return (settingOf(conf, 'tls-port') ?? '0') !== '0'
}

/** TLS-002 */
export const clientsWithoutCertificate: Find = setting({
  name: 'tls-auth-clients',
  scope: 'every',
  judge: (given, conf) =>
    servesTls(conf) ? otherThan('yes', 'clients need no certificate of their own')(given, conf) : undefined,
})

const OLD_PROTOCOLS: ReadonlySet<string> = new Set(['tlsv1', 'tlsv1.0', 'tlsv1.1', 'sslv3', 'sslv2'])

/** The protocols of a value such as `"TLSv1.2 TLSv1.3"`, in lower case. */
function protocolsOf(given: readonly string[] | undefined): readonly string[] {
  return (given ?? []).flatMap((value) => value.split(/\s+/)).filter((word) => word !== '')
}

/** TLS-003 */
export const oldProtocols: Find = setting({
  name: 'tls-protocols',
  scope: 'every',
  judge: (given) =>
    protocolsOf(given).some((word) => OLD_PROTOCOLS.has(word))
      ? 'TLS 1.0 or 1.1 is accepted: RFC 8996 forbids both'
      : undefined,
})

/** TLS-004 */
export const protocolsUnset: Find = setting({
  name: 'tls-protocols',
  scope: 'every',
  judge: (given, conf) =>
    servesTls(conf) && protocolsOf(given).length === 0
      ? 'tls-protocols is not set: which versions are accepted depends on the library of the machine'
      : undefined,
})

/** Cipher names of OpenSSL that are authenticated and forward-secret. */
const STRONG_CIPHER = /^(?:TLS_|(?:ECDHE|DHE)-.*(?:GCM|CHACHA20|CCM))/i

/** Whether an OpenSSL cipher list (openssl-ciphers(1)) lets a weak one in. Commands and exclusions add none. */
function weakCiphers(list: string): boolean {
  return list
    .split(/[:, ]+/)
    .some((name) => name !== '' && !/^[!-]|^@/.test(name) && !STRONG_CIPHER.test(name.replace(/^\+/, '')))
}

/** TLS-005: matters only where TLS 1.2 is spoken. */
export const weakCipherSuites: Find = function* (facts) {
  for (const conf of confsOf(facts, 'every')) {
    if (!servesTls(conf)) continue
    const ciphers = lastDirective(conf, 'tls-ciphers')
    const protocols = lastDirective(conf, 'tls-protocols')
    const speaks12 = protocolsOf(protocols?.args.map(({ value }) => value.toLowerCase())).includes('tlsv1.2')
    const message = 'cipher suites with CBC or without forward secrecy are accepted'
    if (ciphers !== undefined) {
      const argument = ciphers.args[0]
      if (argument !== undefined && weakCiphers(argument.value)) yield { at: argument.at, message }
    } else if (speaks12 && protocols !== undefined) {
      yield {
        at: protocols.args[0]?.at ?? protocols.at,
        message: `TLS 1.2 without tls-ciphers: ${message}`,
      }
    }
  }
}

/** TLS-016 */
export const noSessionCache: Find = setting({
  name: 'tls-session-caching',
  scope: 'every',
  judge: (given) =>
    given?.[0] === 'no' ? 'session caching is off: clients that resume are cut off' : undefined,
})

const SYSTEM_STORES =
  /^\/(?:etc\/ssl(?:\/certs|\/cert\.pem)?|etc\/pki\/.*|usr\/(?:local\/)?share\/ca-certificates|usr\/lib\/ssl\/certs|etc\/ca-certificates)(?:\/|$)|ca-certificates\.crt$|ca-bundle\.(?:crt|trust\.crt)$/

function systemStore(name: 'tls-ca-cert-dir' | 'tls-ca-cert-file'): Find {
  return setting({
    name,
    scope: 'every',
    judge: (given) =>
      SYSTEM_STORES.test(posix.normalize(given?.[0] ?? '')) || (name === 'tls-ca-cert-dir' && given?.[0])
        ? 'clients are trusted through a whole store of authorities: name your own CA in tls-ca-cert-file'
        : undefined,
  })
}

/** TLS-017 */
export const trustsSystemStore: Find = allOf(systemStore('tls-ca-cert-dir'), systemStore('tls-ca-cert-file'))

/** Variables that switch verification off, and the values that do. */
const SWITCHES: readonly (readonly [name: string, off: RegExp])[] = [
  ['NODE_TLS_REJECT_UNAUTHORIZED', /^0$/],
  ['REDIS_UNSAFE_NO_CERTIFICATE_CHECK', /^(?:true|yes|on|1)$/i],
  ['REDIS_TLS_REJECT_UNAUTHORIZED', /^(?:false|no|off|0)$/i],
]

/** Whether an environment file is for development, by its name or by what it says. */
function forDevelopment(env: EnvFile): boolean {
  return (
    /\.(?:dev|development|local|test)(?:\.|$)/i.test(env.path) ||
    /^(?:development|test)$/.test(envValue(env, 'NODE_ENV')?.value ?? '')
  )
}

/** TLS-015 */
export const verificationOff: Find = function* (facts) {
  for (const env of facts.envs) {
    if (forDevelopment(env)) continue
    for (const [name, off] of SWITCHES) {
      const variable = envValue(env, name)
      if (variable === undefined || !off.test(variable.value)) continue
      const hit: Hit = { at: variable.valueAt, message: `${name} switches certificate checks off` }
      yield hit
    }
  }
}
