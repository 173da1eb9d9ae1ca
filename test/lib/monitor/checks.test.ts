import { expect } from 'chai'
import { describe, it } from 'mocha'

import { passes, runChecks } from '../../../lib/monitor/checks.js'
import type { CheckId } from '../../../lib/monitor/checks.js'
import type { CheckState } from '../../../lib/monitor/checks/verdict.js'
import type { Evidence, Happened, Observations } from '../../../lib/monitor/observations.js'

const NOW = Date.parse('2026-01-31T12:00:00Z')
const DAY = 24 * 60 * 60_000

const CONNECTED = {
  up: true,
  authenticated: true,
  user: 'cache_service',
  serverVersion: '7.0.15',
  tls: {
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    authorized: true,
    certificateExpiresAt: new Date(NOW + 200 * DAY),
  },
}
const SELF_TEST = { sealed: true, storedSealed: true, opened: true, boundToKey: true }
const NETWORK = { addresses: ['10.0.0.2'], plaintextPorts: [{ port: 6379, answers: false }] }
const CLIENTS = { remote: ['10.0.0.3'], plaintext: 0 }

function seen<T>(what: T, at = NOW) {
  return { at, seen: what }
}

const FINE: Observations = {
  connection: seen(CONNECTED),
  anonymous: seen('login_required' as const),
  selfTest: seen(SELF_TEST),
  network: seen(NETWORK),
  clients: seen(CLIENTS),
  access: seen({ missing: [], excessive: [], tried: 20 }),
  serverFailures: seen({ lastDay: 0, lastHour: 0, since: NOW - DAY }),
}

const NOTHING_HAPPENED: Happened = {
  since: NOW - DAY,
  ownFailuresLastDay: 0,
  ownFailuresLastHour: 0,
  recentLoginFailures: 0,
  deniedLastHour: 0,
  decryptFailuresLastHour: 0,
  tamperedLastHour: 0,
}

interface Changes {
  readonly observations?: Observations
  readonly happened?: Partial<Happened>
  readonly evidence?: Partial<Evidence>
}

function check(id: CheckId, { observations, happened, evidence }: Changes = {}) {
  const checks = runChecks({
    now: NOW,
    backend: 'redis',
    warnings: [],
    authFailuresPerHour: 10,
    encryptionErrorsPerHour: 5,
    staleAfterMs: 90_000,
    ...evidence,
    observations: { ...FINE, ...observations },
    happened: { ...NOTHING_HAPPENED, ...happened },
  })
  const found = checks.find((one) => one.id === id)
  if (found === undefined) throw new Error(`no check ${id}`)
  return { ...found, passes: passes(checks, id) }
}

function connection(changes: object): Observations {
  return { connection: seen({ ...CONNECTED, ...changes }) }
}
function tls(changes: object): Observations {
  return connection({ tls: { ...CONNECTED.tls, ...changes } })
}

type Case = readonly [title: string, id: CheckId, changes: Changes, state: CheckState, observed: RegExp]

const CASES: readonly Case[] = [
  // redis_authenticated
  [
    'a login accepted and an anonymous connection refused',
    'redis_authenticated',
    {},
    'pass',
    /cache_service.*refused/,
  ],
  [
    'a server that serves anyone',
    'redis_authenticated',
    { observations: { anonymous: seen('served') } },
    'fail',
    /was let in/,
  ],
  [
    'a connection without a login',
    'redis_authenticated',
    { observations: connection({ authenticated: false }) },
    'fail',
    /uses no login/,
  ],
  [
    'an anonymous connection not tried yet',
    'redis_authenticated',
    { observations: { anonymous: undefined } },
    'unknown',
    /not looked/,
  ],
  [
    'an anonymous connection that failed',
    'redis_authenticated',
    { observations: { anonymous: { at: NOW, problem: 'ERR_REDIS_REFUSED' } } },
    'unknown',
    /REFUSED/,
  ],
  [
    'a stopped server',
    'redis_authenticated',
    { observations: connection({ up: false, errorCode: 'ERR_REDIS_REFUSED' }) },
    'unknown',
    /not connected/,
  ],
  [
    'a refused login',
    'redis_authenticated',
    { observations: connection({ up: false, errorCode: 'ERR_REDIS_WRONGPASS' }) },
    'fail',
    /refuses our login/,
  ],
  [
    'a look that is too old',
    'redis_authenticated',
    { evidence: { now: NOW + 90_001 } },
    'unknown',
    /too long ago/,
  ],
  // tls_enabled
  ['a verified TLS 1.3 socket', 'tls_enabled', {}, 'pass', /TLSv1.3/],
  [
    'a verified TLS 1.2 socket',
    'tls_enabled',
    { observations: tls({ protocol: 'TLSv1.2' }) },
    'pass',
    /TLSv1.2/,
  ],
  ['a TLS 1.1 socket', 'tls_enabled', { observations: tls({ protocol: 'TLSv1.1' }) }, 'fail', /TLSv1.1/],
  [
    'an unverified certificate',
    'tls_enabled',
    { observations: tls({ authorized: false }) },
    'fail',
    /not verified/,
  ],
  [
    'a plaintext socket',
    'tls_enabled',
    { observations: connection({ tls: undefined }) },
    'fail',
    /not encrypted/,
  ],
  [
    'a refused certificate',
    'tls_enabled',
    { observations: connection({ up: false, errorCode: 'ERR_TLS_UNKNOWN_CA' }) },
    'fail',
    /ERR_TLS_UNKNOWN_CA/,
  ],
  [
    'a stopped server',
    'tls_enabled',
    { observations: connection({ up: false, errorCode: 'ERR_REDIS_REFUSED' }) },
    'unknown',
    /not connected/,
  ],
  // encryption_enabled
  ['a self-test that went well', 'encryption_enabled', {}, 'pass', /sealed/],
  [
    'values stored in clear',
    'encryption_enabled',
    { observations: { selfTest: seen({ ...SELF_TEST, sealed: false }) } },
    'fail',
    /without encryption/,
  ],
  [
    'a store that changes values',
    'encryption_enabled',
    { observations: { selfTest: seen({ ...SELF_TEST, storedSealed: false, opened: false }) } },
    'fail',
    /not what was sealed/,
  ],
  [
    'a value that does not open',
    'encryption_enabled',
    { observations: { selfTest: seen({ ...SELF_TEST, opened: false }) } },
    'fail',
    /did not open/,
  ],
  [
    'a value that opens anywhere',
    'encryption_enabled',
    { observations: { selfTest: seen({ ...SELF_TEST, boundToKey: false }) } },
    'fail',
    /another key/,
  ],
  [
    'a self-test that could not run',
    'encryption_enabled',
    { observations: { selfTest: { at: NOW, problem: 'ERR_CACHE_UNAVAILABLE' } } },
    'unknown',
    /UNAVAILABLE/,
  ],
  // network_isolated
  ['private addresses and clients', 'network_isolated', {}, 'pass', /10.0.0.2/],
  [
    'a public address among private ones',
    'network_isolated',
    { observations: { network: seen({ ...NETWORK, addresses: ['10.0.0.2', '203.0.113.7'] }) } },
    'fail',
    /203.0.113.7/,
  ],
  [
    'a port that answers without TLS',
    'network_isolated',
    { observations: { network: seen({ ...NETWORK, plaintextPorts: [{ port: 6379, answers: true }] }) } },
    'fail',
    /6379/,
  ],
  [
    'a client from a public address',
    'network_isolated',
    { observations: { clients: seen({ remote: ['8.8.8.8'], plaintext: 0 }) } },
    'fail',
    /1 client from public/,
  ],
  [
    'a client without TLS',
    'network_isolated',
    { observations: { clients: seen({ remote: [], plaintext: 2 }) } },
    'fail',
    /2 clients on a port without TLS/,
  ],
  [
    'clients that cannot be seen',
    'network_isolated',
    { observations: { clients: { at: NOW, problem: 'set REDIS_MONITOR_PASSWORD' } } },
    'unknown',
    /REDIS_MONITOR_PASSWORD/,
  ],
  [
    'clients that cannot be seen, but an exposed port',
    'network_isolated',
    {
      observations: {
        clients: undefined,
        network: seen({ ...NETWORK, plaintextPorts: [{ port: 1, answers: true }] }),
      },
    },
    'fail',
    /port 1/,
  ],
  [
    'an address that cannot be told',
    'network_isolated',
    { observations: { network: seen({ ...NETWORK, addresses: ['/run/redis.sock'] }) } },
    'unknown',
    /could not be told/,
  ],
  [
    'no address at all',
    'network_isolated',
    { observations: { network: seen({ ...NETWORK, addresses: [] }) } },
    'unknown',
    /could not be told/,
  ],
  // recent_auth_failures
  ['no failed login', 'recent_auth_failures', {}, 'pass', /0 failed logins by anyone/],
  [
    'no failed login of our own, others unseen',
    'recent_auth_failures',
    { observations: { serverFailures: undefined } },
    'pass',
    /of our own/,
  ],
  [
    'a few failed logins by anyone',
    'recent_auth_failures',
    { observations: { serverFailures: seen({ lastDay: 4, lastHour: 4, since: NOW }) } },
    'warn',
    /4 failed logins by anyone/,
  ],
  [
    'as many as the threshold within the hour',
    'recent_auth_failures',
    { observations: { serverFailures: seen({ lastDay: 10, lastHour: 10, since: NOW }) } },
    'fail',
    /10 failed/,
  ],
  [
    'as many as the threshold, but not within the hour',
    'recent_auth_failures',
    { observations: { serverFailures: seen({ lastDay: 10, lastHour: 9, since: NOW }) } },
    'warn',
    /10 failed/,
  ],
  [
    'one failed login of our own',
    'recent_auth_failures',
    { observations: { serverFailures: undefined }, happened: { ownFailuresLastDay: 1 } },
    'warn',
    /1 failed login of our own/,
  ],
  [
    'five of our last ten logins failed',
    'recent_auth_failures',
    { happened: { recentLoginFailures: 5 } },
    'fail',
    /5 of our own last ten/,
  ],
  // redis_available
  ['a connected cache', 'redis_available', {}, 'pass', /7.0.15/],
  [
    'a stopped server',
    'redis_available',
    { observations: connection({ up: false, errorCode: 'ERR_REDIS_REFUSED' }) },
    'fail',
    /ERR_REDIS_REFUSED/,
  ],
  // tls_certificate
  ['a certificate with 200 days left', 'tls_certificate', {}, 'pass', /^valid until 2026-08-19$/],
  [
    'a certificate with 60 days left',
    'tls_certificate',
    { observations: tls({ certificateExpiresAt: new Date(NOW + 60 * DAY) }) },
    'pass',
    /60 days left/,
  ],
  [
    'a certificate with 29 days left',
    'tls_certificate',
    { observations: tls({ certificateExpiresAt: new Date(NOW + 30 * DAY - 1) }) },
    'warn',
    /29 days left/,
  ],
  [
    'a certificate that ended on the live socket',
    'tls_certificate',
    { observations: tls({ certificateExpiresAt: new Date(NOW) }) },
    'fail',
    /expired/,
  ],
  [
    'a certificate that ended before connecting',
    'tls_certificate',
    { observations: connection({ up: false, errorCode: 'ERR_TLS_CERT_EXPIRED' }) },
    'fail',
    /expired/,
  ],
  [
    'a plaintext socket',
    'tls_certificate',
    { observations: connection({ tls: undefined }) },
    'not_applicable',
    /not encrypted/,
  ],
  // acl_role
  ['rights as the role says', 'acl_role', {}, 'pass', /20 commands/],
  [
    'rights beyond the role',
    'acl_role',
    { observations: { access: seen({ missing: [], excessive: ['flushall'], tried: 20 }) } },
    'fail',
    /flushall/,
  ],
  [
    'rights short of the role',
    'acl_role',
    { observations: { access: seen({ missing: ['pttl'], excessive: [], tried: 20 }) } },
    'warn',
    /pttl/,
  ],
  // acl_denials
  ['nothing refused', 'acl_denials', {}, 'pass', /no command/],
  [
    'a refused command',
    'acl_denials',
    { happened: { deniedLastHour: 2, latestDenial: 'command "flushall" to user "health_service"' } },
    'warn',
    /refused in the last hour: 2; latest: command "flushall"/,
  ],
  // stored_values
  ['values that open', 'stored_values', {}, 'pass', /opened/],
  [
    'a few values that did not open',
    'stored_values',
    { happened: { decryptFailuresLastHour: 4 } },
    'warn',
    /4 values/,
  ],
  [
    'many values that did not open',
    'stored_values',
    { happened: { decryptFailuresLastHour: 5 } },
    'fail',
    /5 values/,
  ],
  [
    'one altered value',
    'stored_values',
    { happened: { decryptFailuresLastHour: 1, tamperedLastHour: 1 } },
    'fail',
    /1 value altered/,
  ],
  // configuration
  ['settings without a warning', 'configuration', {}, 'pass', /no warning/],
  [
    'an odd setting',
    'configuration',
    {
      evidence: {
        warnings: [{ variable: 'REDIS_HOTS', message: 'did you mean REDIS_HOST?', insecure: false }],
      },
    },
    'warn',
    /REDIS_HOTS/,
  ],
  [
    'a protection switched off',
    'configuration',
    { evidence: { warnings: [{ variable: 'REDIS_UNSAFE_NO_TLS', message: '', insecure: true }] } },
    'fail',
    /REDIS_UNSAFE_NO_TLS/,
  ],
]

describe('the checks', () => {
  for (const [title, id, changes, state, observed] of CASES) {
    it(`${id} is "${state}" for ${title}`, () => {
      const found = check(id, changes)
      expect(found.state).to.equal(state)
      expect(found.observed).to.match(observed)
      expect(found.passes).to.equal(state === 'pass')
      expect(found.source).to.be.a('string').and.not.equal('')
    })
  }

  it('say what to do wherever something is not fine', () => {
    for (const [title, id, changes, state] of CASES) {
      const { remedy } = check(id, changes)
      if (state === 'fail' || state === 'warn') expect(remedy, `${id}: ${title}`).to.match(/`[^`]+`/)
      if (state === 'pass') expect(remedy, `${id}: ${title}`).to.equal(null)
    }
  })

  it('name commands that reach this server, and ask for the password', () => {
    const failed = { observations: { serverFailures: seen({ lastDay: 4, lastHour: 4, since: NOW }) } }
    const server = { host: 'redis.internal', port: 6380, overTls: true }
    expect(check('recent_auth_failures', { ...failed, evidence: { server } }).remedy).to.include(
      '`redis-cli -h redis.internal -p 6380 --tls --cacert operator/ca.crt --cert operator/operator.crt ' +
        '--key operator/operator.key --user operator --askpass ACL LOG 10`',
    )
    const odd = { host: "x'; reboot `y`", port: 6379, overTls: false }
    expect(check('recent_auth_failures', { ...failed, evidence: { server: odd } }).remedy).to.include(
      "`redis-cli -h 'x; reboot y' -p 6379 --user operator --askpass ACL LOG 10`",
    )
  })

  it('know nothing before anything was looked at, and pass nothing about the server', () => {
    const nothing: Observations = {}
    const checks = runChecks({
      now: NOW,
      backend: 'redis',
      observations: nothing,
      happened: NOTHING_HAPPENED,
      warnings: [],
      authFailuresPerHour: 10,
      encryptionErrorsPerHour: 5,
      staleAfterMs: 90_000,
    })
    const looked = checks.filter((one) => one.state !== 'unknown').map((one) => one.id)
    expect(looked).to.deep.equal(['recent_auth_failures', 'acl_denials', 'stored_values', 'configuration'])
    expect(checks.every((one) => one.state !== 'unknown' || one.observed_at === null)).to.equal(true)
  })

  it('pass nothing about a server where there is none, but seal in memory as well', () => {
    const memory = { evidence: { backend: 'memory' as const } }
    for (const id of [
      'redis_authenticated',
      'tls_enabled',
      'network_isolated',
      'recent_auth_failures',
    ] as const) {
      expect(check(id, memory)).to.include({ state: 'not_applicable', passes: false })
    }
    expect(check('encryption_enabled', memory)).to.include({ state: 'pass', passes: true })
  })

  it('tell the time of the look that they rest on', () => {
    const at = NOW - 10_000
    const found = check('redis_authenticated', { observations: { anonymous: seen('login_required', at) } })
    expect(found.observed_at).to.equal(new Date(at).toISOString())
  })
})
