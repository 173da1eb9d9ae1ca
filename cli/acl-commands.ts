import { ROLES, roleOf } from '../lib/access/roles.js'
import { applyUsers, directive, persistUsers, readLiveUsers, type Persisted } from '../lib/acl/apply.js'
import { compareUsers, type AccessDifference, type UserDifference } from '../lib/acl/difference.js'
import { verifyUsers } from '../lib/acl/verify.js'
import { isCacheError } from '../lib/errors.js'
import { foreignText } from '../lib/foreign-text.js'
import { probeAnonymous } from '../lib/redis/probe.js'
import { atNode } from '../lib/redis/server-address.js'
import { Operator } from './operator.js'
import { print, QuietFailure, say } from './report.js'
import {
  ACL_FILE,
  readServersOf,
  withServers,
  type ServersOptions,
  type UserServer,
  type UserServers,
} from './user-servers.js'

const LOGIN_TIMEOUT_MS = 10_000
/** Patterns are chosen by whoever makes a user, and longer than names. */
const RULE = { maxLength: 512 } as const

/** `acl plan`: the difference, and nothing is changed. */
export async function planAcl(options: ServersOptions & { json?: boolean | undefined }): Promise<void> {
  const operator = await openOperator(options)
  const { found, plans } = await readServersOf(operator, options, async (servers) => ({
    found: servers,
    plans: await Promise.all(
      servers.servers.map(async (server): Promise<AccessDifference & { readonly server: string }> => {
        const wanted = await operator.wantedUsers(server.aclFile)
        const live = await readLiveUsers(server.connection.client)
        return { server: server.name, ...compareUsers(live, wanted) }
      }),
    ),
  }))
  if (options.json === true) print(JSON.stringify({ servers: plans }, null, 2))
  else {
    for (const [index, { users }] of plans.entries()) {
      if (users.length > 0) heading(found, index)
      for (const user of users) show(user)
    }
  }
  const count = (list: (plan: AccessDifference) => readonly unknown[]): number =>
    plans.reduce((sum, plan) => sum + list(plan).length, 0)
  const differ = count(({ users }) => users)
  say(`${differ} users differ, ${count(({ same }) => same)} are as generated${onHowMany(found)}`)
  tellMissing(found)
  if (differ > 0) throw new QuietFailure()
}

/** `acl apply`: the live servers get the generated users. */
export async function applyAcl(options: ServersOptions & { prune?: boolean | undefined }): Promise<void> {
  const operator = await openOperator(options)
  await withServers(operator, options, async (found) => {
    let failed = 0
    for (const [index, server] of found.servers.entries()) {
      const { client } = server.connection
      const wanted = await operator.wantedUsers(server.aclFile)
      const isLeft = await readsOurFile(operator, server)
      const { difference, kept, persisted } = await applyUsers({
        client,
        wanted,
        prune: options.prune === true,
        persist: isLeft ? 'left' : 'server',
      })
      heading(found, index)
      for (const user of difference.users) if (!kept.includes(user.name)) show(user)
      for (const name of kept)
        say(`note: the user ${foreignText(name)} was not generated and stays; --prune deletes it`)
      say(`${difference.users.length - kept.length} users changed, sessions go on with the new rights`)
      if (!(await tellPersisted(server, persisted))) failed += 1
    }
    tellMissing(found)
    if (failed > 0) throw new QuietFailure()
  })
}

/** `acl verify`: what each user may really do. */
export async function verifyAcl(options: ServersOptions): Promise<void> {
  const operator = await openOperator(options)
  const { found, judged } = await readServersOf(operator, options, async (servers) => ({
    found: servers,
    judged: await Promise.all(
      servers.servers.map(async ({ aclFile, connection }) => {
        const wanted = await operator.wantedUsers(aclFile)
        return verifyUsers({ client: connection.client, wanted })
      }),
    ),
  }))
  let wrong = 0
  for (const [index, server] of found.servers.entries()) {
    heading(found, index)
    for (const { name, state, denied, excessive, changes, tried } of judged[index] ?? []) {
      print(`${foreignText(name)}: ${state}${tried === 0 ? '' : ` (${tried} commands tried)`}`)
      if (state !== 'right' && state !== 'extra') wrong += 1
      for (const command of denied) print(`  denied, and needed: ${command}`)
      for (const command of excessive) print(`  allowed, and not generated: ${command}`)
      for (const change of changes) print(`  ${foreignText(change, RULE)}`)
    }
    wrong += await verifyLogins(operator, server)
  }
  tellMissing(found)
  if (wrong > 0) throw new QuietFailure()
}

/** @throws {UsageError} without a generated output: before anybody is called */
async function openOperator(options: ServersOptions): Promise<Operator> {
  const operator = await Operator.open(options)
  await operator.wantedUsers(ACL_FILE)
  return operator
}

/** Real logins of everybody whose password is here, and one without. Counts what is not as it should be. */
async function verifyLogins(operator: Operator, { address, kind }: UserServer): Promise<number> {
  let wrong = 0
  for (const { role } of ROLES) {
    if (kind === 'sentinel' && roleOf(role).atSentinel === undefined) continue
    const connection = await operator.connect(role, address)
    if (connection === undefined) continue
    try {
      await connection.ready({ timeoutMs: LOGIN_TIMEOUT_MS })
      print(`${operator.username(role)}: logs in`)
    } catch (error) {
      wrong += 1
      print(
        `${operator.username(role)}: cannot log in: ${isCacheError(error) ? error.message : 'unexpected failure'}`,
      )
    } finally {
      await connection.close()
    }
  }
  const { outcome } = await probeAnonymous(atNode(operator.settings.redis, address))
  print(`without a login: ${outcome}`)
  return outcome === 'open' ? wrong + 1 : wrong
}

/** Whether the server reads the very file of the output at its next start. A Sentinel does not say; the generated one does. */
export async function readsOurFile(operator: Operator, server: UserServer): Promise<boolean> {
  if (server.kind === 'sentinel') return true
  return operator.isOurs(await directive(server.connection.client, 'aclfile'), server.aclFile)
}

/** Writes the live users where a restart finds them, and says how. False where that failed. */
export async function persist(operator: Operator, server: UserServer): Promise<boolean> {
  const isLeft = await readsOurFile(operator, server)
  return tellPersisted(server, isLeft ? { how: 'left' } : await persistUsers(server.connection.client))
}

function heading({ servers }: UserServers, index: number): void {
  if (servers.length > 1) print(`[${servers[index]?.name ?? ''}]`)
}

function onHowMany({ servers }: UserServers): string {
  return servers.length > 1 ? `, on ${servers.length} servers` : ''
}

function tellMissing({ isMissingSentinels }: UserServers): void {
  if (!isMissingSentinels) return
  say(
    'note: the Sentinels have users of their own, and were not looked at: REDIS_SENTINELS says where they are, and only admin may',
  )
}

function show({ name, kind, changes }: UserDifference): void {
  print(`${foreignText(name)}: ${kind}`)
  for (const change of changes) print(`  ${foreignText(change, RULE)}`)
}

const PERSISTED: Readonly<Record<Exclude<Persisted['how'], 'failed'>, string>> = {
  aclfile: 'persisted by ACL SAVE: look at the mode of the aclfile, the server may have loosened it',
  config: 'persisted as lines of its configuration by CONFIG REWRITE: look at the mode of that file',
  left: 'persisted: the server reads the generated users.acl at its next start',
}

/** False where the users are gone with the next restart. */
async function tellPersisted({ connection }: UserServer, persisted: Persisted): Promise<boolean> {
  if (persisted.how !== 'failed') {
    say(PERSISTED[persisted.how])
    return true
  }
  const aclFile = await directive(connection.client, 'aclfile').catch(() => '')
  say(`error: live, and gone with the next restart: ${persisted.error.message}`)
  say(
    aclFile === ''
      ? 'hint: the server has no aclfile and no configuration file that it may write: generate-config makes both'
      : 'hint: where the server reads the generated users.acl by a read-only mount, it is there already',
  )
  return false
}
