import type { FolderFacts } from '../facts.js'
import { lastDirective, settingOf, type RedisConf } from '../formats/redis-conf.js'
import { startOf } from '../position.js'
import { confsOf, setting, type Find } from './settings.js'

/** Whether the server listens without TLS. Absent means 6379. */
function plaintextPort(conf: RedisConf): boolean {
  return settingOf(conf, 'port') !== '0'
}

/** NET-001 */
export const plaintextOpen: Find = setting({
  name: 'port',
  scope: 'every',
  judge: (given) =>
    given === undefined
      ? 'port is absent, so the plaintext port 6379 is open: write port 0'
      : given[0] === '0'
        ? undefined
        : 'the plaintext port is open: write port 0 and serve on tls-port alone',
})

const WILDCARDS: ReadonlySet<string> = new Set(['*', '-*', '0.0.0.0', '-0.0.0.0', '::', '-::', '-::*', '::*'])

/** A Compose file with a Redis service: the configurations beside it run in its network. */
function inContainer(facts: FolderFacts): boolean {
  return facts.composes.some(({ services }) => services.some(({ redis }) => redis))
}

/** NET-002 */
export const wildcardBind: Find = function* (facts) {
  if (inContainer(facts)) return
  for (const conf of confsOf(facts, 'every')) {
    const bind = lastDirective(conf, 'bind')
    if (bind === undefined) {
      const message = 'bind is absent, so the server listens on every address: name one'
      yield { at: startOf(conf.path), message }
      continue
    }
    const wild = bind.args.find(({ value }) => WILDCARDS.has(value))
    if (wild !== undefined) {
      yield { at: wild.at, message: 'the server listens on every address, and no container isolates it' }
    }
  }
}

/** NET-003 */
export const unprotected: Find = setting({
  name: 'protected-mode',
  judge: (given) =>
    given === undefined
      ? 'protected-mode is absent, and the official image defaults it to no: write yes'
      : given[0] === 'yes'
        ? undefined
        : 'protected-mode is off',
})

/** NET-004 */
export const looseSocket: Find = setting({
  name: 'unixsocketperm',
  judge: (given) => {
    const mode = Number.parseInt(given?.[0] ?? '0', 8)
    return (mode & 0o007) === 0 ? undefined : 'every user of the machine may write to the socket: 770 at most'
  },
})

/** NET-005 */
export const clusterBusInClear: Find = function* (facts) {
  for (const conf of confsOf(facts)) {
    const cluster = lastDirective(conf, 'cluster-enabled')
    if (cluster?.args[0]?.value.toLowerCase() !== 'yes' || settingOf(conf, 'tls-cluster') === 'yes') continue
    const at = lastDirective(conf, 'tls-cluster')?.args[0]?.at ?? cluster.at
    yield { at, message: 'the cluster bus runs without TLS: write tls-cluster yes' }
  }
}

/** NET-006 */
export const replicationInClear: Find = function* (facts) {
  for (const conf of confsOf(facts)) {
    const sign = ['replicaof', 'masterauth', 'masteruser']
      .map((name) => lastDirective(conf, name))
      .find((directive) => directive !== undefined && directive.args[0]?.value !== '')
    if (sign === undefined || settingOf(conf, 'tls-replication') === 'yes') continue
    const at = lastDirective(conf, 'tls-replication')?.args[0]?.at ?? sign.at
    yield { at, message: 'replication runs without TLS: write tls-replication yes' }
  }
}

/** NET-007 */
export const unprotectedSentinel: Find = setting({
  name: 'protected-mode',
  scope: 'sentinel',
  judge: (given) =>
    given === undefined
      ? 'protected-mode is absent, and Sentinel defaults it to no: write yes'
      : given[0] === 'yes'
        ? undefined
        : 'Sentinel answers anyone who reaches it',
})

/** TLS-001 */
export const noTls: Find = setting({
  name: 'tls-port',
  scope: 'every',
  judge: (given, conf) => {
    const port = given?.[0] ?? '0'
    if (port !== '0') return undefined
    // A server on a socket file alone has no wire to protect.
    const socketOnly = !plaintextPort(conf) && settingOf(conf, 'unixsocket') !== undefined
    return socketOnly
      ? undefined
      : 'TLS is off: set tls-port, tls-cert-file, tls-key-file and tls-ca-cert-file'
  },
})
