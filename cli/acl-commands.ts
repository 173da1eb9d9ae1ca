import { generatePassword, passwordPath, passwordVariable } from '../generators/password-set.js'
import { ROLES, passwordHash } from '../lib/access/roles.js'
import { applyUsers, directive, persistUsers, readLiveUsers, type Persisted } from '../lib/acl/apply.js'
import { compareUsers, type UserDifference } from '../lib/acl/difference.js'
import { addPassword, dropOldPasswords } from '../lib/acl/rotate-password.js'
import { verifyUsers } from '../lib/acl/verify.js'
import { isCacheError } from '../lib/errors.js'
import { foreignText } from '../lib/foreign-text.js'
import { probeAnonymous } from '../lib/redis/probe.js'
import type { Secret } from '../lib/settings/secret.js'
import type { UserRole } from '../lib/settings/settings.js'
import { readSettingsFile } from './environment.js'
import { writeVariables } from './environment-lines.js'
import { Operator, type OperatorOptions } from './operator.js'
import { print, QuietFailure, say } from './report.js'
import { replaceFile } from './replaced-file.js'
import { UsageError } from './usage-error.js'

const ACL_FILE = 'conf/users.acl'
const LOGIN_TIMEOUT_MS = 10_000

/** `acl plan`: the difference, and nothing is changed. */
export async function planAcl(options: OperatorOptions & { json?: boolean | undefined }): Promise<void> {
  const operator = await Operator.open(options)
  const wanted = await operator.wantedUsers()
  const live = await operator.asReader(({ client }) => readLiveUsers(client))
  const difference = compareUsers(live, wanted)
  if (options.json === true) print(JSON.stringify(difference, null, 2))
  else for (const user of difference.users) show(user)
  say(`${difference.users.length} users differ, ${difference.same.length} are as generated`)
  if (difference.users.length > 0) throw new QuietFailure()
}

/** `acl apply`: the live server gets the generated users. */
export async function applyAcl(options: OperatorOptions & { prune?: boolean | undefined }): Promise<void> {
  const operator = await Operator.open(options)
  const wanted = await operator.wantedUsers()
  const { report, aclFile } = await operator.asAdmin(async ({ client }) => {
    const path = await directive(client, 'aclfile')
    const persist = (await operator.isOurs(path, ACL_FILE)) ? 'left' : 'server'
    return {
      report: await applyUsers({ client, wanted, prune: options.prune === true, persist }),
      aclFile: path,
    }
  })
  const { difference, kept, persisted } = report
  for (const user of difference.users) if (!kept.includes(user.name)) show(user)
  for (const name of kept)
    say(`note: the user ${foreignText(name)} was not generated and stays; --prune deletes it`)
  say(`${difference.users.length - kept.length} users changed, sessions go on with the new rights`)
  tellPersisted(persisted, aclFile)
}

/** `acl verify`: what each user may really do. */
export async function verifyAcl(options: OperatorOptions): Promise<void> {
  const operator = await Operator.open(options)
  const wanted = await operator.wantedUsers()
  const verdicts = await operator.asReader(({ client }) => verifyUsers({ client, wanted }))
  let wrong = 0
  for (const { name, state, denied, excessive, changes, tried } of verdicts) {
    print(`${foreignText(name)}: ${state}${tried === 0 ? '' : ` (${tried} commands tried)`}`)
    if (state !== 'right' && state !== 'extra') wrong += 1
    for (const command of denied) print(`  denied, and needed: ${command}`)
    for (const command of excessive) print(`  allowed, and not generated: ${command}`)
    for (const change of changes) print(`  ${change}`)
  }
  wrong += await verifyLogins(operator)
  if (wrong > 0) throw new QuietFailure()
}

/** `acl rotate-password`: two passwords at once, then one. */
export async function rotatePassword(
  roleName: string,
  options: OperatorOptions & { finish?: boolean | undefined },
): Promise<void> {
  const operator = await Operator.open(options)
  const role = roleCalled(roleName)
  const username = operator.username(role)
  if (options.finish === true) await finishRotation(operator, role)
  else {
    const password = generatePassword()
    await operator.asAdmin(async ({ client }) => {
      await addPassword({ client, username, password })
      await keepPassword(operator, role, password)
      await persistPassword(operator, {
        client,
        username,
        hashes: (text) => `${text} #${passwordHash(password)}`,
      })
    })
    print(`${username}: takes two passwords now`)
    say(
      `let whoever logs in as ${username} read its settings anew, then: secure-cache acl rotate-password ${role} --finish`,
    )
  }
}

async function finishRotation(operator: Operator, role: UserRole): Promise<void> {
  const username = operator.username(role)
  const password = await operator.password(role)
  if (password === undefined) {
    throw new UsageError(
      `the password of ${username} is not here`,
      `set ${passwordVariable(role)}, or name the output with --out`,
    )
  }
  const ended = await operator.asAdmin(async ({ client }) => {
    const count = await dropOldPasswords({ client, username, password })
    const hash = `#${passwordHash(password)}`
    await persistPassword(operator, {
      client,
      username,
      hashes: (text) => `${text.replaceAll(/ #[0-9a-f]{64}/g, '')} ${hash}`,
    })
    return count
  })
  print(`${username}: takes one password now; ${ended} sessions ended`)
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
async function persistPassword(
  operator: Operator,
  {
    client,
    username,
    hashes,
  }: { client: Parameters<typeof persistUsers>[0]; username: string; hashes: (line: string) => string },
): Promise<void> {
  const aclFile = await directive(client, 'aclfile')
  const lines = await operator.wantedUsers().catch(() => [])
  const changed = lines.map((line) => (line.startsWith(`user ${username} `) ? inOrder(hashes(line)) : line))
  const isOurs = await operator.isOurs(aclFile, ACL_FILE)
  // The server reads it too, perhaps as one of its group.
  if (lines.length > 0) await replaceFile(operator.path(ACL_FILE), changed.join('\n'))
  tellPersisted(isOurs ? { how: 'left' } : await persistUsers(client), aclFile)
}

/** Hashes stand behind `on`, as the generator writes them. */
function inOrder(line: string): string {
  const words = line.split(' ')
  const isHash = (word: string): boolean => word.startsWith('#')
  const [keyword = '', name = '', on = '', ...rules] = words.filter((word) => !isHash(word))
  return [keyword, name, on, ...new Set(words.filter(isHash)), ...rules].join(' ')
}

/** Real logins of everybody whose password is here, and one without. Counts what is not as it should be. */
async function verifyLogins(operator: Operator): Promise<number> {
  let wrong = 0
  for (const { role } of ROLES) {
    const connection = await operator.connect(role)
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
  const { outcome } = await probeAnonymous(operator.settings.redis)
  print(`without a login: ${outcome}`)
  return outcome === 'open' ? wrong + 1 : wrong
}

function roleCalled(name: string): UserRole {
  const found = ROLES.find(({ role }) => role === name)
  if (found !== undefined) return found.role
  throw new UsageError('there is no role of this name', `roles: ${ROLES.map(({ role }) => role).join(', ')}`)
}

function show({ name, kind, changes }: UserDifference): void {
  print(`${foreignText(name)}: ${kind}`)
  for (const change of changes) print(`  ${change}`)
}

const PERSISTED: Readonly<Record<Exclude<Persisted['how'], 'failed'>, string>> = {
  aclfile: 'persisted by ACL SAVE: look at the mode of the aclfile, the server may have loosened it',
  config: 'persisted as lines of its configuration by CONFIG REWRITE: look at the mode of that file',
  left: 'persisted: the server reads the generated users.acl at its next start',
}

function tellPersisted(persisted: Persisted, aclFile: string): void {
  if (persisted.how !== 'failed') {
    say(PERSISTED[persisted.how])
    return
  }
  say(`error: live, and gone with the next restart: ${persisted.error.message}`)
  say(
    aclFile === ''
      ? 'hint: the server has no aclfile and no configuration file that it may write: generate-config makes both'
      : 'hint: where the server reads the generated users.acl by a read-only mount, it is there already',
  )
  throw new QuietFailure()
}
