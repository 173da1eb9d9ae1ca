import { aclLine, commandsOf } from '../access/roles.js'
import type { UserRole } from '../settings/settings.js'
import { rulesOf, type Change } from './changes.js'
import {
  checkAnonymousRefused,
  checkDenied,
  checkLogin,
  checkNothingDenied,
  checkOldWay,
  checkPlaintextGone,
} from './checks.js'
import { STEP_IDS, type StepId } from './records.js'
import { fromUtf8 } from './server-state.js'
import type { Step, StepContext } from './step.js'

const SUITES = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256'
const DEFAULT_USER = 'default'
/** What a rule says about the login, as opposed to the rights. */
const LOGIN_RULE = /^(?:on|off|nopass|#.*|(?:skip-)?sanitize-payload)$/
/** Any user may send these (ACL: commands that need no permission). */
const ALWAYS = new Set(['auth', 'hello', 'quit', 'reset', 'NULL'])

const PREPARATION: Step = {
  id: 'preparation',
  title: 'Preparation',
  gain: 'an encrypted backup, and the configuration as it is, so that everything can go back',
  changes: () => ({ expand: [], contract: [] }),
  wayAfter: (before) => before,
}

const AUTHENTICATION: Step = {
  id: 'authentication',
  title: 'Authentication',
  gain: 'nobody gets in without a login',
  changes(context) {
    const rules = context.state.users.get(DEFAULT_USER) ?? []
    const rights = rules.filter((rule) => !LOGIN_RULE.test(rule))
    const login = rules.filter((rule) => /^(?:nopass|#.*)$/.test(rule))
    const requirepass = context.state.config.get('requirepass') ?? ''
    return {
      expand: [
        ...userOf('admin', context),
        // What the default user may do, the application's own may too, until access control narrows it.
        ...userOf('cache', context, rights),
      ],
      contract: [
        { kind: 'user', name: DEFAULT_USER, rules: ['off', ...login, ...rights] },
        // An empty requirepass makes the default user `nopass`: only when it is off, and so for a moment.
        ...(requirepass === '' ? [] : [{ kind: 'config', name: 'requirepass', value: '' } as const]),
        { kind: 'user', name: DEFAULT_USER, rules: ['off', 'resetchannels', '-@all'] },
      ],
    }
  },
  wayAfter: (before) => ({ ...before, login: 'admin' }),
  application: ({ users }) => ({
    there: `let the application log in as ${users.cache?.username ?? ''} with REDIS_CACHE_PASSWORD`,
    back: 'let the application connect as before, without REDIS_CACHE_PASSWORD',
  }),
  oldUse: { who: 'clients of the default user', uses: ({ user }) => user === DEFAULT_USER },
  endsConnections: true,
  newUse: { who: 'clients that have logged in with a user of ours', uses: usesOneOf(['admin', 'cache']) },
  async afterExpand(parts) {
    await checkLogin(parts, parts.server.destination.admin)
    await checkLogin(parts, userLogin('cache', parts.context))
  },
  afterContract: checkAnonymousRefused,
  afterReopen: (parts) => checkOldWay(parts, 'plain'),
}

const TLS: Step = {
  id: 'tls',
  title: 'TLS',
  gain: 'nobody on the way reads or alters anything, and clients prove who they are by certificate',
  changes({ tlsFiles, destination }) {
    const set = (name: string, value: string): Change => ({ kind: 'config', name, value: fromUtf8(value) })
    if (tlsFiles === undefined) return { expand: [], contract: [] }
    const profile = destination.tls?.profile === 'compatible' ? 'TLSv1.2 TLSv1.3' : 'TLSv1.3'
    return {
      expand: [
        set('tls-cert-file', tlsFiles.cert),
        set('tls-key-file', tlsFiles.key),
        set('tls-ca-cert-file', tlsFiles.ca),
        set('tls-auth-clients', 'yes'),
        set('tls-protocols', profile),
        set('tls-ciphersuites', SUITES),
        set('tls-prefer-server-ciphers', 'yes'),
        // Last: only with a port the server looks at all of it.
        set('tls-port', String(destination.tlsPort)),
      ],
      contract: [set('port', '0')],
    }
  },
  wayAfter: (before) => ({ ...before, transport: 'tls' }),
  application: ({ destination: { today, tlsPort } }) => ({
    there: `let the application connect to port ${tlsPort} over TLS (rediss://, with REDIS_TLS_CA, REDIS_TLS_CERT, REDIS_TLS_KEY)`,
    back: `let the application connect to port ${today.port} without TLS`,
  }),
  oldUse: {
    who: 'clients on the plaintext port',
    uses: ({ local }, { destination }) => local.endsWith(`:${destination.today.port}`),
  },
  endsConnections: true,
  newUse: {
    who: 'clients on the TLS port',
    uses: ({ local }, { destination }) => local.endsWith(`:${destination.tlsPort}`),
  },
  afterExpand: (parts) => checkLogin(parts, userLogin('cache', parts.context)),
  afterContract: checkPlaintextGone,
}

const ENCRYPTION: Step = {
  id: 'encryption',
  title: 'Encryption of values',
  gain: 'values rest sealed: whoever reads Redis, its files or the backups that are made from now on reads none of them',
  changes: () => ({ expand: [], contract: [] }),
  wayAfter: (before) => before,
  values: 'seal',
  application: ({ earlierPrefixes }) => ({
    there: `let every instance of the application seal (REDIS_ENCRYPTION_KEY) and read both (CACHE_READ_MODE=plaintext${earlierPrefixes.length === 0 ? '' : `, CACHE_LEGACY_PREFIXES=${earlierPrefixes.join(',')}`})`,
    back: 'let every instance of the application read both, sealed and plain, and write plain values',
  }),
}

const ACCESS_CONTROL: Step = {
  id: 'access-control',
  title: 'Access control',
  gain: 'the application may do what a cache does, with its own keys, and nothing else',
  changes: (context) => ({
    expand: [...userOf('maintenance', context), ...userOf('operator', context)],
    contract: [
      ...userOf('cache', context),
      { kind: 'config', name: 'acl-pubsub-default', value: 'resetchannels' },
      { kind: 'config', name: 'protected-mode', value: 'yes' },
    ],
  }),
  wayAfter: (before) => before,
  application: ({ keyPrefix, users }) => ({
    there: `whatever is not the cache (other keys than ${keyPrefix}*, other commands) needs a user of its own, not ${users.cache?.username ?? ''}`,
    back: 'let the application work without REDIS_MAINTENANCE_PASSWORD',
  }),
  oldUse: {
    who: "clients of the application's user whose last command its role does not have",
    uses({ user, command }, { users, version }) {
      const allowed = commandsOf('cache', { version })
      return (
        user === users.cache?.username &&
        !ALWAYS.has(command) &&
        allowed !== 'all' &&
        !allowed.includes(command)
      )
    },
  },
  newUse: {
    who: 'clients of the users maintenance and operator',
    uses: usesOneOf(['maintenance', 'operator']),
  },
  async afterExpand(parts) {
    for (const role of ['maintenance', 'operator'] as const) await checkIfGiven(parts, role)
  },
  async afterContract(parts) {
    const cache = userLogin('cache', parts.context)
    const { keyPrefix } = parts.context
    await checkNothingDenied(parts, cache.username ?? '')
    await checkLogin(parts, cache, [['PING'], ['GET', `${keyPrefix}@check:migration`]])
    await checkDenied(parts, cache, ['CONFIG', 'GET', 'port'])
    await checkDenied(parts, cache, ['GET', `not-${keyPrefix}@check:migration`])
  },
}

const MONITORING: Step = {
  id: 'monitoring',
  title: 'Monitoring',
  gain: 'failed logins, denied commands and slow ones are seen, by users that can see nothing else',
  changes(context) {
    const atLeast = (name: string, floor: number): readonly Change[] => {
      const present = context.state.config.get(name)
      return present === undefined || Number(present) >= floor
        ? []
        : [{ kind: 'config', name, value: String(floor) }]
    }
    return {
      expand: [
        ...(['health', 'monitor', 'auditor'] as const).flatMap((role) => userOf(role, context)),
        ...atLeast('acllog-max-len', 256),
        ...atLeast('slowlog-max-len', 256),
        ...(context.state.config.get('latency-monitor-threshold') === '0'
          ? [{ kind: 'config', name: 'latency-monitor-threshold', value: '100' } as const]
          : []),
      ],
      contract: [],
    }
  },
  wayAfter: (before) => before,
  application: () => ({
    there: 'give the application REDIS_MONITOR_PASSWORD and mount securityStatus()',
    back: 'let the application work without REDIS_MONITOR_PASSWORD',
  }),
  newUse: {
    who: 'clients of the users health, monitor and auditor',
    uses: usesOneOf(['health', 'monitor', 'auditor']),
  },
  async afterExpand(parts) {
    await checkIfGiven(parts, 'health')
    await checkIfGiven(parts, 'monitor', [['INFO'], ['ACL', 'LOG', '1'], ['CLIENT', 'LIST']])
    await checkIfGiven(parts, 'auditor', [
      ['CONFIG', 'GET', 'port'],
      ['ACL', 'LIST'],
    ])
  },
}

const STEPS: Readonly<Record<StepId, Step>> = {
  preparation: PREPARATION,
  authentication: AUTHENTICATION,
  tls: TLS,
  encryption: ENCRYPTION,
  'access-control': ACCESS_CONTROL,
  monitoring: MONITORING,
}

/** Every step, in its order. */
export const ALL_STEPS: readonly Step[] = STEP_IDS.map((id) => STEPS[id])

export function stepOf(id: StepId): Step {
  return STEPS[id]
}

/** The user of a role, with the rights of the table or with others; none where it has no password. */
function userOf(role: UserRole, context: StepContext, rights?: readonly string[]): readonly Change[] {
  const user = context.hashes[role]
  if (user === undefined) return []
  const { keyPrefix, earlierPrefixes, version } = context
  const rules = rulesOf(fromUtf8(aclLine(role, { ...user, keyPrefix, earlierPrefixes, version })))
  const login = rules.filter((rule) => LOGIN_RULE.test(rule))
  return [
    {
      kind: 'user',
      name: fromUtf8(user.username),
      rules: rights === undefined ? rules : [...login, ...rights],
    },
  ]
}

function userLogin(role: UserRole, { users }: StepContext): { username?: string | undefined } & object {
  return users[role] ?? {}
}

async function checkIfGiven(
  parts: Parameters<typeof checkLogin>[0],
  role: UserRole,
  commands?: readonly (readonly string[])[],
): Promise<void> {
  const user = parts.context.users[role]
  if (user?.password !== undefined) await checkLogin(parts, user, commands)
}

function usesOneOf(
  roles: readonly UserRole[],
): (client: { readonly user: string }, context: StepContext) => boolean {
  return ({ user }, { hashes }) => roles.some((role) => hashes[role]?.username === user)
}
