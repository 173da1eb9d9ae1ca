import { createHash } from 'node:crypto'

import { isVariableName, SETTINGS } from '../../settings/table.js'
import { isPublished, passwordWeakness } from '../../settings/passwords.js'
import type { FolderFacts } from '../facts.js'
import { envValue, type EnvFile } from '../formats/dotenv.js'
import { lastDirective, type RedisConf } from '../formats/redis-conf.js'
import { pairsOf, under } from '../formats/yaml-tree.js'
import { startOf } from '../position.js'
import type { Hit } from '../rule.js'
import { weakHashes } from '../weak-hashes.js'
import { OPTIONS_VARIABLE } from './container-secrets.js'
import { redisServices } from './containers.js'
import { confsOf, type Find } from './settings.js'
import { printable } from './names.js'
import { credentialsOf, isOn, mayOnlyPing, nopassOf, placeOfRule, usersOf } from './users.js'

/** AUT-001: no list of users, no password. */
export const anonymousAccess: Find = function* (facts) {
  for (const conf of confsOf(facts, 'every')) {
    const password = lastDirective(conf, 'requirepass')?.args[0]?.value
    const listed = lastDirective(conf, 'aclfile')?.args[0]?.value
    if (password || listed) continue
    const own = facts.acls.find((list) => list.origin === 'conf' && list.path === conf.path)
    // With users in the configuration itself, AUT-002 to AUT-004 say how open they are.
    if (own?.users.some(({ name }) => name === 'default') === true) continue
    const message = 'neither aclfile nor requirepass: anyone who connects may do everything'
    yield { at: startOf(conf.path), message }
  }
  for (const { service } of redisServices(facts)) {
    const variables = pairsOf(under(service.node, 'environment'))
    const allowed = variables.find(
      ({ name, value }) => name === 'ALLOW_EMPTY_PASSWORD' && /^(?:yes|true|1)$/i.test(value ?? ''),
    )
    if (allowed !== undefined && !variables.some(({ name }) => IMAGE_PASSWORD.test(name))) {
      const message = `service ${printable(service.name)} allows everybody without a password`
      yield { at: allowed.at, message }
      continue
    }
    if (service.partial) continue
    const options = variables.filter(({ name }) => OPTIONS_VARIABLE.test(name)).map(({ value }) => value)
    const text = [...service.command.map((word) => word.text), ...options].join(' ')
    const configured = /\S\.conf\b|--(?:requirepass|aclfile|user)\b/.test(text)
    const wrapped = /bitnami/.test(service.image?.repository ?? '')
    if (configured || wrapped) continue
    const message = `service ${printable(service.name)} starts without a configuration: the default user has no password`
    yield { at: service.image?.at ?? service.at, message }
  }
}

/** What the start script of a wrapped image makes the password of. */
const IMAGE_PASSWORD = /^(?:REDIS|VALKEY)_PASSWORD(?:_FILE)?$/

/** AUT-002: an access list that leaves the default user as the server makes it: on, without password. */
export const noDefaultUser: Find = function* (facts) {
  for (const list of facts.acls) {
    if (list.origin !== 'aclfile' || list.users.some(({ name }) => name === 'default')) continue
    const message = 'no "user default" line: the default user stays on without a password, requirepass or not'
    yield { at: startOf(list.path), message }
  }
}

/** AUT-003 */
export const defaultUserOn: Find = function* (facts) {
  for (const { user } of usersOf(facts)) {
    if (user.name === 'default' && isOn(user)) {
      const message = 'the default user is on: every client that gives no user name is this one'
      yield { at: placeOfRule(user, 'on'), message }
    }
  }
}

/** AUT-004 */
export const nopassUser: Find = function* (facts) {
  for (const { user } of usersOf(facts)) {
    const nopass = nopassOf(user)
    if (nopass === undefined || !isOn(user)) continue
    const harmless = mayOnlyPing(user)
    yield {
      at: nopass.at,
      message: `user ${printable(user.name)} is on and takes any password${harmless ? ', though it may only PING' : ''}`,
      severity: harmless ? 'low' : undefined,
    }
  }
}

/** AUT-005 */
export const clearPassword: Find = function* (facts) {
  for (const { user } of usersOf(facts)) {
    for (const rule of user.rules) {
      if (rule.kind !== 'password') continue
      const message = `the password of user ${printable(user.name)} stands in clear: write # and its SHA-256 instead`
      yield { at: rule.at, message }
    }
  }
}

/** AUT-006 */
export const weakPassword: Find = function* (facts) {
  yield* weakCredentials(facts)
  for (const conf of confsOf(facts, 'every')) {
    for (const name of ['requirepass', 'masterauth']) {
      const argument = lastDirective(conf, name)?.args[0]
      const weakness =
        argument === undefined || argument.value === '' ? undefined : passwordWeakness(argument.value)
      if (argument !== undefined && weakness !== undefined)
        yield { at: argument.at, message: `${name}: ${weakness}` }
    }
  }
  for (const env of facts.envs) yield* weakVariables(env)
}

function* weakCredentials(facts: FolderFacts): Generator<Hit> {
  const weak = weakHashes(
    usersOf(facts).flatMap(({ user }) => (credentialsOf(user).length > 0 ? [user.name] : [])),
  )
  for (const { user } of usersOf(facts)) {
    for (const credential of credentialsOf(user)) {
      const clear = credential.kind === 'password' ? credential.value : undefined
      const why = weak.get(clear === undefined ? credential.value : sha256(clear))
      const weakness = why === undefined ? clear && passwordWeakness(clear) : `it is ${why}`
      if (weakness) {
        yield { at: credential.at, message: `weak password of user ${printable(user.name)}: ${weakness}` }
      }
    }
  }
}

function* weakVariables(env: EnvFile): Generator<Hit> {
  // Development mode warns of a short password and starts; a published one is one everywhere.
  const development = envValue(env, 'REDIS_DEV_MODE')?.value === 'true'
  for (const { name, value, valueAt } of env.variables) {
    const strong = isVariableName(name) && 'strong' in SETTINGS[name]
    if (!strong || value === '' || (development && !isPublished(value))) continue
    const weakness = passwordWeakness(value)
    if (weakness !== undefined) {
      yield { at: valueAt, message: `${name}: ${weakness}`, severity: development ? 'low' : undefined }
    }
  }
}

/** AUT-007 */
export const sharedHash: Find = function* (facts) {
  for (const list of facts.acls) {
    const owners = new Map<string, string>()
    for (const user of list.users) {
      for (const credential of credentialsOf(user)) {
        const hash = credential.kind === 'hash' ? credential.value : sha256(credential.value)
        const owner = owners.get(hash)
        if (owner === undefined) owners.set(hash, user.name)
        else if (owner !== user.name) {
          const message = `users ${printable(owner)} and ${printable(user.name)} have the same password`
          yield { at: credential.at, message }
        }
      }
    }
  }
}

/** AUT-008 */
export const requirepassBesideAclfile: Find = function* (facts) {
  for (const conf of confsOf(facts, 'every')) {
    const password = lastDirective(conf, 'requirepass')
    if (password?.args[0]?.value && lastDirective(conf, 'aclfile') !== undefined) {
      const message =
        'requirepass beside aclfile: the server takes the aclfile alone, and this line protects nothing'
      yield { at: password.at, message }
    }
  }
}

/** Directives that hold a secret in clear. */
const SECRET_DIRECTIVES: readonly (readonly [name: string, argument: number])[] = [
  ['requirepass', 0],
  ['masterauth', 0],
  ['tls-key-file-pass', 0],
  ['tls-client-key-file-pass', 0],
]

/** AUT-009 */
export const secretForOthers: Find = function* (facts) {
  for (const conf of facts.confs) {
    const mode = facts.files.find(({ path }) => path === conf.path)?.mode
    if (mode === undefined || (mode & 0o077) === 0) continue
    const bits = (mode & 0o777).toString(8).padStart(4, '0')
    for (const directive of secretLines(conf)) {
      const message = `${directive.name} in clear in a file of mode ${bits}: others can read it`
      yield { at: directive.at, message }
    }
  }
}

function secretLines(conf: RedisConf) {
  return conf.directives.filter(({ name, args, at }) => {
    if (at.file !== conf.path) return false
    const row = SECRET_DIRECTIVES.find(([secret]) => secret === name)
    if (row !== undefined) return (args[row[1]]?.value ?? '') !== ''
    return name === 'sentinel' && /^(?:auth-pass|sentinel-pass)$/i.test(args[0]?.value ?? '')
  })
}

/** AUT-010 */
export const manyPasswords: Find = function* (facts) {
  for (const { user } of usersOf(facts)) {
    const credentials = credentialsOf(user)
    const third = credentials[2]
    if (third === undefined) continue
    const message = `user ${printable(user.name)} has ${credentials.length} passwords: two are enough for a rotation`
    yield { at: third.at, message }
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}
