import { randomBytes } from 'node:crypto'
import { passwordHash, roleOf, type AclUser } from '../lib/access/roles.js'
import { ConfigError } from '../lib/errors.js'
import { Secret } from '../lib/settings/secret.js'
import type { Settings, UserRole } from '../lib/settings/settings.js'
import { HOME_OF_ROLE, PRIVATE, inFolder, type OutputFile } from './folder.js'

export interface PasswordSet {
  /** For users.acl: names and hashes. */
  readonly users: Readonly<Partial<Record<UserRole, AclUser>>>
  /** For the files in which one server logs in to another. */
  readonly passwords: Readonly<Partial<Record<UserRole, Secret>>>
  readonly files: readonly OutputFile[]
}

export interface PasswordContext {
  readonly settings: Settings
  readonly roles: readonly UserRole[]
  /** The text of a file of the output; undefined where there is none. */
  readonly read: (path: string) => Promise<string | undefined>
  /** Random bytes; `node:crypto` where absent. */
  readonly random?: ((size: number) => Buffer) | undefined
}

/** 256 bits: the hashes in users.acl are unsalted, so only such passwords are safe behind them (AUT-006). */
const PASSWORD_BYTES = 32

/** A new password. base64url needs no quoting anywhere. */
export function generatePassword(random: (size: number) => Buffer = randomBytes): Secret {
  return new Secret(random(PASSWORD_BYTES).toString('base64url'))
}

/** Path of the file that holds the password of a role. */
export function passwordPath(role: UserRole): string {
  return inFolder(HOME_OF_ROLE[role], `${role}_password`)
}

/** The variable of the settings that holds the password of a role. */
export function passwordVariable(role: UserRole): string {
  return role === 'admin' ? 'REDIS_PASSWORD' : `REDIS_${role.toUpperCase()}_PASSWORD`
}

/** The name of a role's user. The default user is always off, so it is never one of ours (AUT-003). */
export function usernameOf(settings: Settings, role: UserRole): string {
  const { username } = settings.users[role]
  return username === 'default' ? roleOf(role).username : username
}

/**
 * A password for each role: that of the settings, else the one kept in the output, else a new one. Each lies
 * in the folder of those who use it and nowhere else.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID where two roles share a password (AUT-007)
 */
export async function gatherPasswords(context: PasswordContext): Promise<PasswordSet> {
  const users: Partial<Record<UserRole, AclUser>> = {}
  const passwords: Partial<Record<UserRole, Secret>> = {}
  const files: OutputFile[] = []
  const seen = new Map<string, UserRole>()
  for (const role of context.roles) {
    const password = await passwordOf(role, context)
    const hash = passwordHash(password)
    const other = seen.get(hash)
    if (other !== undefined && !context.settings.devMode) {
      const name = passwordVariable(role)
      const message = `is the same as ${passwordVariable(other)}: every user needs a password of its own`
      throw new ConfigError('ERR_CONFIG_INVALID', `${name} ${message}`, [{ name, message }])
    }
    seen.set(hash, role)
    passwords[role] = password
    users[role] = {
      username: usernameOf(context.settings, role),
      passwordHashes: [hash],
      ownPrefix: context.settings.users[role].keyPrefix,
    }
    files.push({ path: passwordPath(role), text: `${password.reveal()}\n`, mode: PRIVATE })
  }
  return { users, passwords, files }
}

async function passwordOf(role: UserRole, context: PasswordContext): Promise<Secret> {
  const given = context.settings.users[role].password
  if (given !== undefined) return checked(given, passwordVariable(role))
  const kept = await context.read(passwordPath(role))
  if (kept === undefined) return generatePassword(context.random)
  return checked(new Secret(kept.replace(/\r?\n$/, '')), passwordPath(role))
}

function checked(password: Secret, name: string): Secret {
  // The shell of the health check drops line breaks at the end, and NUL ends every C text.
  if (/^[^\p{Cc}\p{Cs}]+$/u.test(password.reveal())) return password
  const message = 'must be one line of text without control characters'
  throw new ConfigError('ERR_CONFIG_INVALID', `${name} ${message}`, [{ name, message }])
}
