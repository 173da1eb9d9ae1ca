import type { CheckId } from '../monitor/checks.js'
import type { Settings } from '../settings/settings.js'
import type { Seen, Surroundings } from './evidence.js'

/** One thing that a line says. */
export interface Judged {
  readonly state: 'pass' | 'warn' | 'fail' | 'unknown'
  readonly observed: string
  readonly remedy?: string | undefined
}

export interface LineRule {
  readonly id: string
  /** The settings whose problems belong to this line; the first line that fits has them. */
  readonly settings: RegExp
  readonly judge: (seen: Seen, around: Surroundings) => readonly Judged[]
}

/** The deployment checklist, but for its last line: the record, which whoever writes it judges. */
export const LINES: readonly LineRule[] = [
  { id: 'passwords', settings: /PASSWORD$/, judge: passwords },
  { id: 'environment', settings: /^NODE_ENV$|DEV_MODE|BACKEND|MEMORY/, judge: environment },
  { id: 'connectivity', settings: /^REDIS_(?:URL|HOST|PORT|SENTINEL|CLUSTER)/, judge: connectivity },
  {
    id: 'tls',
    settings: /_TLS|CERTIFICATE/,
    judge: ({ status }) => fromChecks(status, ['tls_enabled', 'tls_certificate']),
  },
  {
    id: 'encryption',
    settings: /ENCRYPTION|READ_MODE/,
    judge: ({ status }) => fromChecks(status, ['encryption_enabled']),
  },
  { id: 'acl', settings: /USERNAME|KEY_PREFIX/, judge: boundaries },
  { id: 'monitoring', settings: /^SECURITY_/, judge: monitoring },
]

/** Settings that belong to no line in particular. */
export const CATCH_ALL = 'environment'

function passwords({ settings, status, logins }: Seen): readonly Judged[] {
  const odd = settings.warnings.filter(({ variable }) => /PASSWORD/.test(variable))
  const refused = logins.filter(({ errorCode }) => errorCode !== undefined)
  const accepted = logins.filter(({ errorCode }) => errorCode === undefined)
  return [
    ...fromChecks(status, ['redis_authenticated']),
    ...odd.map(({ variable, message, insecure }): Judged => ({
      state: insecure ? 'fail' : 'warn',
      observed: `${variable}: ${message}`,
    })),
    ...refused.map(({ username, variable, errorCode = '' }): Judged => ({
      state: REFUSED.test(errorCode) ? 'fail' : 'unknown',
      observed: `the login of ${username} was not accepted (${errorCode})`,
      remedy: `compare ${variable} with users.acl, or run \`secure-cache generate-config\` and ACL LOAD`,
    })),
    ...(accepted.length === 0
      ? []
      : [
          {
            state: 'pass' as const,
            observed: `accepted: ${accepted.map(({ username }) => username).join(', ')}`,
          },
        ]),
  ]
}

const REFUSED = /^ERR_REDIS_(?:WRONGPASS|NOAUTH|NOPERM)$/

function connectivity({ settings, status }: Seen): readonly Judged[] {
  if (settings.backend === 'memory') {
    return [
      {
        state: 'fail',
        observed: 'the cache is in the memory of each process: there is no Redis',
        remedy: 'set REDIS_HOST with REDIS_CACHE_PASSWORD, and remove CACHE_BACKEND and CACHE_UNSAFE_MEMORY',
      },
    ]
  }
  return fromChecks(status, ['redis_available', 'network_isolated'])
}

/** What a role may do is tried twice: by DRYRUN as the server sees it, and by sending what is harmless. */
function boundaries({ settings, status, boundaries: looked }: Seen): readonly Judged[] {
  if (settings.backend === 'memory')
    return [{ state: 'unknown', observed: 'the memory backend has no users' }]
  return [tried(looked), ...fromChecks(status, ['acl_role'])]
}

function tried(looked: Seen['boundaries']): Judged {
  if ('problem' in looked) return { state: 'unknown', observed: looked.problem }
  const { excessive, tried: count } = looked.seen
  return excessive.length === 0
    ? { state: 'pass', observed: `${count} commands beyond the role were refused` }
    : {
        state: 'fail',
        observed: `the application's login was let do: ${excessive.join(', ')}`,
        remedy:
          'give the application a user of its own (REDIS_CACHE_PASSWORD) with the line of users.acl that ' +
          '`secure-cache generate-config` writes, then ACL LOAD',
      }
}

const TELLS_NOBODY = 'set SECURITY_ALERT_EMAIL or SECURITY_ALERT_WEBHOOK, then try `secure-cache alert test`'

function monitoring({ settings, status }: Seen): readonly Judged[] {
  const { statusToken, alertEmail, alertWebhook } = settings.security
  const told = alertEmail !== undefined || alertWebhook !== undefined
  const counts = status.auth_failures.source === 'server'
  return [
    statusToken === undefined
      ? {
          state: 'fail',
          observed: 'nobody can see the security status: there is no token',
          remedy: 'set SECURITY_STATUS_TOKEN: openssl rand -hex 32',
        }
      : { state: 'pass', observed: 'the status has a token' },
    counts
      ? { state: 'pass', observed: 'user monitor reads what happens on the server' }
      : {
          state: settings.users.monitor.password === undefined ? 'fail' : 'unknown',
          observed: 'what others do on the server is not seen',
          remedy: 'set REDIS_MONITOR_PASSWORD; the generated users.acl has the user',
        },
    told
      ? { state: 'pass', observed: 'alerts reach somebody' }
      : { state: 'warn', observed: 'alerts go to the log alone', remedy: TELLS_NOBODY },
  ]
}

function environment({ settings }: Seen, around: Surroundings): readonly Judged[] {
  const { settingsFileMode: mode } = around
  return [
    ...runsAs(settings),
    ...settings.warnings
      .filter(({ insecure, variable }) => insecure && !/PASSWORD/.test(variable))
      .map(({ variable, message }): Judged => ({
        state: 'fail',
        observed: `${variable}: ${message}`,
        remedy: `remove ${variable}`,
      })),
    ...(around.trustsAnybody
      ? [
          {
            state: 'fail' as const,
            observed:
              'NODE_TLS_REJECT_UNAUTHORIZED=0 lets every other connection of the process trust anybody',
            remedy: 'remove NODE_TLS_REJECT_UNAUTHORIZED',
          },
        ]
      : []),
    ...(mode !== undefined && (mode & 0o077) !== 0
      ? [
          {
            state: 'fail' as const,
            observed: `others may read the environment file (mode ${(mode & 0o777).toString(8).padStart(4, '0')})`,
            remedy: 'chmod 600 the environment file, and change what was in it',
          },
        ]
      : []),
  ]
}

function runsAs({ environment: name, devMode }: Settings): readonly Judged[] {
  const production = { remedy: 'set NODE_ENV=production and remove REDIS_DEV_MODE' }
  if (devMode) return [{ state: 'fail', observed: 'REDIS_DEV_MODE is on', ...production }]
  if (name === 'production') return [{ state: 'pass', observed: 'NODE_ENV is production' }]
  return name === 'other'
    ? [
        {
          state: 'warn',
          observed: 'NODE_ENV is not set: what production refuses is not refused',
          ...production,
        },
      ]
    : [{ state: 'fail', observed: `NODE_ENV is ${name}`, ...production }]
}

/** Checks of the status, as lines take them. */
function fromChecks(status: Seen['status'], ids: readonly CheckId[]): readonly Judged[] {
  return status.checks
    .filter(({ id }) => (ids as readonly string[]).includes(id))
    .map(({ state, observed, remedy }) => ({
      state: state === 'not_applicable' ? 'unknown' : state,
      observed,
      remedy: remedy ?? undefined,
    }))
}
