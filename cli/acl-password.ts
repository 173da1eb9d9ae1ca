import { generatePassword, passwordPath, passwordVariable } from '../generators/password-set.js'
import { passwordHash, roleOf, ROLES } from '../lib/access/roles.js'
import { addPassword, checkRotation, dropOldPasswords } from '../lib/acl/rotate-password.js'
import type { Secret } from '../lib/settings/secret.js'
import type { UserRole } from '../lib/settings/settings.js'
import { persist } from './acl-commands.js'
import { writeVariables } from './environment-lines.js'
import { readSettingsFile } from './environment.js'
import { Operator } from './operator.js'
import { print, QuietFailure, say } from './report.js'
import { replaceFile } from './replaced-file.js'
import { UsageError } from './usage-error.js'
import { withServers, type ServersOptions, type UserServer, type UserServers } from './user-servers.js'

/** Servers log in to each other as these, with a password that stands in their configuration in clear. */
const OF_SERVERS: ReadonlySet<UserRole> = new Set(['replica', 'sentinel'])

/** `acl rotate-password`: two passwords at once, then one; on every server that has the user. */
export async function rotatePassword(
  roleName: string,
  options: ServersOptions & { finish?: boolean | undefined },
): Promise<void> {
  const operator = await Operator.open(options)
  const role = roleCalled(roleName)
  if (OF_SERVERS.has(role)) throw ofServers(role)
  const next = options.finish === true ? await presentPassword(operator, role) : generatePassword()
  await withServers(operator, options, async (found) => {
    const servers = serversWith(role, found)
    const isPersisted = await (options.finish === true ? finish : begin)(operator, { role, next, servers })
    if (!isPersisted) throw new QuietFailure()
  })
}

interface Rotation {
  readonly role: UserRole
  /** The one that is to stay. */
  readonly next: Secret
  readonly servers: readonly UserServer[]
}

async function begin(operator: Operator, { role, next, servers }: Rotation): Promise<boolean> {
  const username = operator.username(role)
  const clients = servers.map(({ connection }) => connection.client)
  // All of them or none: what is half done has to be ended before it can be begun again.
  await Promise.all(clients.map((client) => checkRotation({ client, username })))
  for (const client of clients) await addPassword({ client, username, password: next })
  // Until every server takes it the one that is written down is the one that all of them know.
  await keepPassword(operator, role, next)
  const isPersisted = await persistAll(operator, {
    servers,
    username,
    hashes: (line) => `${line} #${passwordHash(next)}`,
  })
  print(`${username}: takes two passwords now${onHowMany(servers)}`)
  say(
    `let whoever logs in as ${username} read its settings anew, then: secure-cache acl rotate-password ${role} --finish`,
  )
  return isPersisted
}

async function finish(operator: Operator, { role, next, servers }: Rotation): Promise<boolean> {
  const username = operator.username(role)
  let ended = 0
  for (const { connection } of servers) {
    ended += await dropOldPasswords({ client: connection.client, username, password: next })
  }
  const isPersisted = await persistAll(operator, {
    servers,
    username,
    hashes: (line) => `${line.replaceAll(/ #[0-9a-f]{64}/g, '')} #${passwordHash(next)}`,
  })
  print(`${username}: takes one password now${onHowMany(servers)}; ${ended} sessions ended`)
  return isPersisted
}

async function presentPassword(operator: Operator, role: UserRole): Promise<Secret> {
  const password = await operator.password(role)
  if (password !== undefined) return password
  throw new UsageError(
    `the password of ${operator.username(role)} is not here`,
    `set ${passwordVariable(role)}, or name the output with --out`,
  )
}

/** Those that have a user of this role: a Sentinel has only some. */
function serversWith(role: UserRole, { servers, isMissingSentinels }: UserServers): readonly UserServer[] {
  const isAtSentinels = roleOf(role).atSentinel !== undefined
  if (isAtSentinels && isMissingSentinels) {
    throw new UsageError(
      'the Sentinels have a user of this role as well, and nothing says where they are',
      'name them in REDIS_SENTINELS; otherwise the application would be locked out at its next failover',
    )
  }
  return servers.filter(({ kind }) => kind === 'redis' || isAtSentinels)
}

/** Where the password of a role is written down: lines of the environment file, and files. */
async function keepPassword(operator: Operator, role: UserRole, password: Secret): Promise<void> {
  const name = passwordVariable(role)
  const file = operator.environment[`${name}_FILE`]
  const places = new Set([
    operator.path(passwordPath(role)),
    ...(file === undefined || file === '' ? [] : [file]),
  ])
  let kept = 0
  for (const path of places) {
    if ((await readSettingsFile(path)) === undefined) continue
    await replaceFile(path, `${password.reveal()}\n`)
    kept += 1
  }
  if ((operator.environment[name] ?? '') !== '') {
    await writeVariables(operator.settingsFile, new Map([[name, password.reveal()]]))
    kept += 1
  }
  if (kept > 0) return
  // Nobody has the old one here either, so this is where the new one is looked for.
  await replaceFile(operator.path(passwordPath(role)), `${password.reveal()}\n`)
}

/** Into the generated users.acl where the server reads that very file, else as the server does it. */
async function persistAll(
  operator: Operator,
  {
    servers,
    username,
    hashes,
  }: {
    readonly servers: readonly UserServer[]
    readonly username: string
    readonly hashes: (line: string) => string
  },
): Promise<boolean> {
  for (const file of new Set(servers.map(({ aclFile }) => aclFile))) {
    const lines = await operator.wantedUsers(file).catch(() => [])
    const changed = lines.map((line) => (line.startsWith(`user ${username} `) ? inOrder(hashes(line)) : line))
    // The server reads it too, perhaps as one of its group.
    if (lines.length > 0) await replaceFile(operator.path(file), changed.join('\n'))
  }
  let isPersisted = true
  for (const server of servers) if (!(await persist(operator, server))) isPersisted = false
  return isPersisted
}

/** Hashes stand behind `on`, as the generator writes them. */
function inOrder(line: string): string {
  const words = line.split(' ')
  const isHash = (word: string): boolean => word.startsWith('#')
  const [keyword = '', name = '', on = '', ...rules] = words.filter((word) => !isHash(word))
  return [keyword, name, on, ...new Set(words.filter(isHash)), ...rules].join(' ')
}

function roleCalled(name: string): UserRole {
  const found = ROLES.find(({ role }) => role === name)
  if (found !== undefined) return found.role
  throw new UsageError('there is no role of this name', `roles: ${ROLES.map(({ role }) => role).join(', ')}`)
}

function ofServers(role: UserRole): UsageError {
  return new UsageError(
    `the servers log in to each other as ${role}, with a password that their configuration holds`,
    'change it in the settings, then secure-cache generate-config, acl apply, and restart the servers one after the other, replicas first',
  )
}

function onHowMany(servers: readonly UserServer[]): string {
  return servers.length > 1 ? `, on ${servers.length} servers` : ''
}
