import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'
import {
  ROLES,
  aclFile,
  aclLine,
  defaultUserLine,
  keyPattern,
  passwordHash,
  roleOf,
} from '../../../lib/access/roles.js'
import { Secret } from '../../../lib/settings/secret.js'
import type { UserRole } from '../../../lib/settings/settings.js'

const H = 'a'.repeat(64)
const VERSION = { product: 'redis', major: 7, minor: 0 } as const
const CONTEXT = { keyPrefix: 'ai_cache:', version: VERSION }

/** The lines as they were tried on a server, word by word. */
const LINES: Readonly<Record<UserRole, string>> = {
  cache:
    'user cache_service on #H ~ai_cache:* resetchannels -@all +get +mget +set +unlink +pexpire +pttl +ping',
  maintenance:
    'user maintenance on #H ~ai_cache:* resetchannels -@all +scan +unlink +get +getrange +pttl +set +watch +unwatch +multi +exec +ping',
  health: 'user health_service on #H ~health:* resetchannels -@all +ping',
  monitor: 'user monitor on #H resetkeys resetchannels -@all +ping +info +acl|log +acl|dryrun +client|list',
  auditor:
    'user auditor on #H resetkeys resetchannels -@all +ping +info +config|get +acl|list +acl|getuser +acl|users +acl|log +acl|whoami +acl|dryrun +client|list +module|list +command|count +command|list +command|info +role +slowlog|get +slowlog|len +latency|latest +function|list',
  operator:
    'user operator on #H resetkeys resetchannels -@all +ping +info +role +acl|load +acl|list +acl|getuser +acl|users +acl|log +acl|dryrun +acl|whoami +config|get +client|list +client|kill +slowlog|get +slowlog|len +slowlog|reset +latency|latest +latency|doctor +memory|doctor +memory|stats +module|list',
  replica: 'user replica on #H resetkeys resetchannels -@all +psync +replconf +ping',
  sentinel:
    'user sentinel on #H resetkeys resetchannels &__sentinel__:hello -@all +multi +slaveof +ping +exec +subscribe +config|rewrite +role +publish +info +client|setname +client|kill +script|kill',
  admin: 'user admin on #H ~* &* +@all',
}

function userOf(role: UserRole): { username: string; passwordHashes: string[] } {
  return { username: roleOf(role).username, passwordHashes: [H] }
}

describe('roles', () => {
  it('writes exactly the line that was tried for each role', () => {
    for (const { role } of ROLES) {
      expect(aclLine(role, { ...userOf(role), ...CONTEXT })).to.equal(LINES[role].replace('#H', `#${H}`))
    }
  })

  it('has a row for each role of the settings, and no two users of one name', () => {
    expect(ROLES.map(({ role }) => role)).to.have.members(Object.keys(LINES))
    expect(new Set(ROLES.map(({ username }) => username)).size).to.equal(ROLES.length)
  })

  it('leaves out what the server version does not know', () => {
    const old = { product: 'redis', major: 6, minor: 2 } as const
    const line = aclLine('auditor', { ...userOf('auditor'), keyPrefix: 'c:', version: old })
    expect(line)
      .to.include('+acl|whoami')
      .and.not.match(/dryrun|command\|list|function/)
    expect(defaultUserLine(old)).to.equal('user default off resetpass resetkeys resetchannels -@all')
    expect(defaultUserLine(VERSION)).to.equal(
      'user default off resetpass resetkeys resetchannels clearselectors -@all',
    )
  })

  it('adds what a Cluster client needs to its users alone', () => {
    const context = { ...CONTEXT, features: ['cluster'] as const }
    expect(aclLine('cache', { ...userOf('cache'), ...context })).to.match(
      / \+ping \+cluster\|slots \+asking$/,
    )
    expect(aclLine('monitor', { ...userOf('monitor'), ...context })).to.equal(
      aclLine('monitor', { ...userOf('monitor'), ...CONTEXT }),
    )
  })

  it('begins the file by switching the default user off, and leaves out users without a password', () => {
    const users = { cache: userOf('cache'), health: { username: 'health_service', passwordHashes: [] } }
    const lines = aclFile({ ...CONTEXT, users }).split('\n')
    expect(lines[0]).to.match(/^user default off /)
    expect(lines[1]).to.match(/^user cache_service on /)
    expect(lines.slice(2)).to.deep.equal([''])
  })

  it('writes two passwords of one user, for the time of a rotation', () => {
    const line = aclLine('cache', {
      username: 'cache_service',
      passwordHashes: [H, 'b'.repeat(64)],
      ...CONTEXT,
    })
    expect(line).to.include(`on #${H} #${'b'.repeat(64)} ~`)
  })

  it('refuses a name used twice, and the name of the default user', () => {
    const twice = { cache: userOf('cache'), monitor: { username: 'cache_service', passwordHashes: [H] } }
    expect(() => aclFile({ ...CONTEXT, users: twice })).to.throw('taken')
    const taken = { cache: { username: 'default', passwordHashes: [H] } }
    expect(() => aclFile({ ...CONTEXT, users: taken })).to.throw('taken')
  })

  it('refuses names, hashes and prefixes that users.acl cannot hold, without repeating them', () => {
    const bad = ['', 'a b', 'a\n', 'a(b', 'a)', 'a\tb', 'é', '#x', 'x y', 'a\u0000']
    for (const username of bad) {
      expect(() => aclLine('cache', { username, passwordHashes: [H], ...CONTEXT })).to.throw(
        'a user name has',
      )
    }
    for (const hash of ['', 'A'.repeat(64), 'a'.repeat(63), `${'a'.repeat(64)} +@all`, '>password']) {
      expect(() => aclLine('cache', { username: 'u', passwordHashes: [hash], ...CONTEXT })).to.throw(
        'SHA-256',
      )
    }
    for (const prefix of [
      '',
      ':',
      'noend',
      'a b:',
      'a\n:',
      'a(:',
      'a):',
      'a\u00A0:',
      'a\u0000:',
      'a\uD800:',
    ]) {
      expect(() => keyPattern(prefix))
        .to.throw('must end in ":"')
        .and.have.property('code', 'ERR_CONFIG_INVALID')
    }
  })

  it('escapes every glob character of a prefix', () => {
    expect(keyPattern(String.raw`a*b?c[d]e\f:`)).to.equal(String.raw`a\*b\?c\[d\]e\\f:*`)
  })

  it('never lets a prefix or a name add a rule', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (prefix, username) => {
        let line: string
        try {
          line = aclLine('cache', {
            username,
            passwordHashes: [H],
            keyPrefix: `${prefix}:`,
            version: VERSION,
          })
        } catch {
          return
        }
        const [user, name, on, hash, pattern, ...rules] = line.split(' ')
        expect([user, name, on, hash]).to.deep.equal(['user', username, 'on', `#${H}`])
        expect(pattern).to.match(/^~\P{C}+:\*$/u)
        expect(rules.join(' ')).to.equal('resetchannels -@all +get +mget +set +unlink +pexpire +pttl +ping')
      }),
    )
  })

  it('hashes a password as sha256sum does', () => {
    expect(passwordHash(new Secret('correct horse é'))).to.equal(
      '7675923c7befcb5b8a69672a998c26693ea7c37c6722d34c2bffaa04cedca8f4',
    )
  })
})
