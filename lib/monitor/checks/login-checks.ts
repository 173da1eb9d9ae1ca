import { STREAK_FAILURES } from '../login-streak.js'
import type { ConnectionSeen, Evidence, LostInterval } from '../observations.js'
import { redisCli } from './commands.js'
import { counted, freshlySeen, judgeSeen, notConnected } from './verdict.js'
import type { CheckRule, Verdict } from './verdict.js'

/** Failed logins of the last 24 hours: the server's count where it can be read, else our own. */
export interface AuthFailures {
  readonly own: number
  /** By anyone; null where the server's counter cannot be read. */
  readonly server: number | null
  /** Which of the two the check judges. */
  readonly source: 'server' | 'own'
  /** Unix milliseconds: nothing before this was seen. */
  readonly since: number
  /** Stretches whose count is lost, because the server's counter began anew. */
  readonly lost: readonly LostInterval[]
}

export function authFailures(evidence: Evidence): AuthFailures {
  const own = evidence.happened.ownFailuresLastDay
  const server = freshlySeen(evidence, 'serverFailures')
  return server === undefined
    ? { own, server: null, source: 'own', since: evidence.happened.since, lost: [] }
    : { own, server: server.lastDay, source: 'server', since: server.since, lost: server.lost ?? [] }
}

const LOGIN_REFUSED = /^ERR_REDIS_(?:WRONGPASS|NOAUTH|NOPERM)$/

/**
 * A password alone proves nothing: ioredis connects silently with one to a server that asks for none, and
 * CONFIG GET requirepass shows a password where an aclfile has voided it. So a second connection tries
 * without.
 */
export const authenticationCheck: CheckRule<'redis_authenticated'> = {
  id: 'redis_authenticated',
  backends: ['redis'],
  source: 'the login of the cache connection, and a new connection without a login',
  judge: (evidence) =>
    judgeSeen(evidence, 'connection', (ours) => {
      const login = judgeLogin(evidence, ours)
      if (login !== undefined) return login
      return judgeSeen(evidence, 'anonymous', (answer) =>
        answer === 'login_required'
          ? { state: 'pass', observed: `logged in as ${ours.user ?? 'default'}; without a login: refused` }
          : {
              state: 'fail',
              observed: 'a connection without a login was let in',
              remedy:
                'switch the default user off: `npm run generate-config` writes `user default off resetpass resetkeys ' +
                'resetchannels clearselectors -@all` into users.acl (an aclfile without this line voids requirepass); then ' +
                `${redisCli(evidence, 'operator', 'ACL LOAD')}, or restart Redis where it had no aclfile`,
            },
      )
    }),
}

function judgeLogin(evidence: Evidence, ours: ConnectionSeen): Verdict | undefined {
  if (!ours.up) {
    const code = ours.errorCode ?? 'no reason known'
    return LOGIN_REFUSED.test(code)
      ? {
          state: 'fail',
          observed: `Redis refuses our login (${code})`,
          remedy:
            'compare REDIS_CACHE_USERNAME and REDIS_CACHE_PASSWORD, or REDIS_PASSWORD, with users.acl, and whether the ' +
            `user is on: ${redisCli(evidence, 'operator', 'ACL LIST')}; \`npm run generate-config\` and ACL LOAD put ` +
            'the password of the settings there',
        }
      : notConnected(code)
  }
  if (ours.authenticated) return undefined
  return {
    state: 'fail',
    observed: 'the cache connection uses no login',
    remedy:
      'set REDIS_CACHE_PASSWORD (an ACL user of its own) or REDIS_PASSWORD, at least 16 characters, such as from ' +
      '`openssl rand -hex 32`; `npx secure-cache init` makes both sides',
  }
}

export const loginFailuresCheck: CheckRule<'recent_auth_failures'> = {
  id: 'recent_auth_failures',
  backends: ['redis'],
  source:
    "the server's counter of failed logins where user monitor can read it, else our own logins; clients refused " +
    "in the TLS handshake appear in no counter, only in the server's log",
  judge: (evidence) => {
    const failures = authFailures(evidence)
    // Ours are among the server's, but we may have been looking for longer than the server's count.
    const lastDay = Math.max(failures.server ?? 0, failures.own)
    const serverLastHour = freshlySeen(evidence, 'serverFailures')?.lastHour ?? 0
    const lastHour = Math.max(serverLastHour, evidence.happened.ownFailuresLastHour)
    const by = failures.source === 'server' ? 'by anyone' : 'of our own (others cannot be seen)'
    const observed = `${counted(lastDay, 'failed login')} ${by} in the last 24 hours${lostIn(failures)}`
    const at = evidence.now
    const streak = evidence.happened.recentLoginFailures
    if (streak >= STREAK_FAILURES) {
      return {
        state: 'fail',
        at,
        observed: `${String(streak)} of our own last ten logins failed; ${observed}`,
        remedy:
          'compare the passwords of this application with users.acl: either they differ or were changed. ' +
          `${redisCli(evidence, 'operator', 'ACL LOG 10')} shows whose they are`,
      }
    }
    if (lastDay === 0) return { state: 'pass', at, observed }
    return {
      state: lastHour >= evidence.authFailuresPerHour ? 'fail' : 'warn',
      at,
      observed: `${observed}, ${String(lastHour)} in the last hour${latest(evidence)}`,
      remedy:
        `see who tried: ${redisCli(evidence, 'operator', 'ACL LOG 10')}. If it is not you: close the port to where ` +
        'they come from, and change the passwords (docs/incident-response.md, "Suspicious logins")',
    }
  },
}

/** What the counter counted between our last look and the moment when it began anew is lost. */
function lostIn({ lost }: AuthFailures): string {
  if (lost.length === 0) return ''
  const gaps = lost.slice(-MOST_GAPS).map(([from, to]) => `${seconds(from)} to ${seconds(to)}`)
  const more = lost.length > MOST_GAPS ? ` and ${String(lost.length - MOST_GAPS)} more` : ''
  return ` (the server's counter began anew: what it counted is lost from ${gaps.join(', ')}${more})`
}

/** As many as a sentence bears; `auth_failures.lost` has all of them. */
const MOST_GAPS = 2

function seconds(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
}

function latest(evidence: Evidence): string {
  const text = freshlySeen(evidence, 'serverFailures')?.latest
  return text === undefined ? '' : `; latest: ${text}`
}

export const denialsCheck: CheckRule<'acl_denials'> = {
  id: 'acl_denials',
  backends: ['redis'],
  source:
    "refusals of the last hour: our own, and by the server's counter those of others where user monitor can read it",
  judge: (evidence) => {
    const { happened, now: at } = evidence
    const { deniedLastHour: denied, latestDenial: last } = happened
    if (denied === 0) return { state: 'pass', at, observed: 'no command, key or channel was refused' }
    return {
      state: 'warn',
      at,
      observed: `refused in the last hour: ${String(denied)}${last === undefined ? '' : `; latest: ${last}`}`,
      remedy:
        `see who and what: ${redisCli(evidence, 'operator', 'ACL LOG 10')}. One of ours lacks a right: ` +
        '`npm run generate-config`, then ACL LOAD. Somebody else tries what he may not: docs/incident-response.md, ' +
        '"Suspicious logins"',
    }
  },
}

function reload(evidence: Evidence): string {
  return (
    'put the rights of the roles back: `npm run generate-config`, then ' +
    redisCli(evidence, 'operator', 'ACL LOAD')
  )
}

export const accessCheck: CheckRule<'acl_role'> = {
  id: 'acl_role',
  backends: ['redis'],
  source: 'ACL DRYRUN as user monitor',
  judge: (evidence) =>
    judgeSeen(evidence, 'access', ({ missing, excessive, tried }) => {
      if (excessive.length > 0) {
        return {
          state: 'fail',
          observed: `more than the role allows: ${excessive.join(', ')}`,
          remedy: reload(evidence),
        }
      }
      if (missing.length > 0) {
        return {
          state: 'warn',
          observed: `missing rights: ${missing.join(', ')}`,
          remedy: reload(evidence),
        }
      }
      if (tried === 0) {
        return {
          state: 'unknown',
          observed: 'this server knows neither our users nor ACL DRYRUN (Redis 7.0)',
          remedy:
            'use Redis 7.0 or later: `redis-server --version`; until then compare ACL LIST with users.acl',
        }
      }
      return { state: 'pass', observed: `as the roles say: ${counted(tried, 'command')} tried` }
    }),
}
