import { expect } from 'chai'
import * as fc from 'fast-check'
import { describe, it } from 'mocha'
import { ROLES, aclFile, aclLine, defaultUserLine, passwordHash, roleOf } from '../../../lib/access/roles.js'
import { keyPattern } from '../../../lib/access/key-patterns.js'
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
  sessions: 'user sessions on #H ~shop_own:* resetchannels -@all +get +set +del +expire +ping',
  rate_limit:
    'user rate_limit on #H ~shop_own:* resetchannels -@all +get +set +del +incr +incrby +decr +pttl +expire +pexpire +eval +evalsha +script|load +multi +exec +ping',
  queue:
    'user queue on #H ~shop_own:* resetchannels -@all +del +exists +get +set +incr +incrby +persist +pexpire +pexpireat +pttl +rename +time +type +unlink +hdel +hexists +hget +hgetall +hincrby +hlen +hmget +hmset +hscan +hset +lindex +llen +lpop +lpos +lpush +lrange +lrem +lset +ltrim +rpop +rpoplpush +rpush +sadd +scard +sismember +smembers +srem +sscan +bzpopmin +zadd +zcard +zcount +zlexcount +zpopmin +zrange +zrangebylex +zrangebyscore +zrem +zremrangebyrank +zremrangebyscore +zrevrange +zrevrangebyscore +zscore +xadd +xdel +xlen +xrange +xread +xtrim +eval +evalsha +script|load +multi +exec +ping +info +client|setname',
  admin: 'user admin on #H ~* &* +@all',
}

/** The lines of a Sentinel's access list, as they were tried on Sentinels. */
const SENTINEL_LINES: Readonly<Partial<Record<UserRole, string>>> = {
  cache: 'user cache_service on #H resetkeys resetchannels -@all +sentinel|get-master-addr-by-name',
  health: 'user health_service on #H resetkeys resetchannels -@all +ping',
  operator:
    'user operator on #H resetkeys resetchannels -@all +ping +info +acl|whoami +acl|log +sentinel|masters +sentinel|replicas +sentinel|sentinels +sentinel|ckquorum +sentinel|get-master-addr-by-name',
  sentinel:
    'user sentinel on #H resetkeys resetchannels &__sentinel__:hello -@all +ping +publish +client|setname +sentinel|is-master-down-by-addr',
  sessions:
    'user sessions on #H resetkeys resetchannels -@all +sentinel|get-master-addr-by-name +sentinel|sentinels',
  rate_limit:
    'user rate_limit on #H resetkeys resetchannels -@all +sentinel|get-master-addr-by-name +sentinel|sentinels',
  queue:
    'user queue on #H resetkeys resetchannels -@all +sentinel|get-master-addr-by-name +sentinel|sentinels',
  admin: 'user admin on #H ~* &* +@all',
}

function userOf(role: UserRole): { username: string; passwordHashes: string[]; ownPrefix: string } {
  return { username: roleOf(role).username, passwordHashes: [H], ownPrefix: 'shop_own:' }
}

describe('roles', () => {
  it('writes exactly the line that was tried for each role', () => {
    for (const { role } of ROLES) {
      expect(aclLine(role, { ...userOf(role), ...CONTEXT })).to.equal(LINES[role].replace('#H', `#${H}`))
    }
  })

  it('writes a list of their own for Sentinels, of the roles that have anything to do there', () => {
    const users = Object.fromEntries(ROLES.map(({ role }) => [role, userOf(role)]))
    const [first, ...lines] = aclFile({ ...CONTEXT, users, at: 'sentinel' })
      .trimEnd()
      .split('\n')
    expect(first).to.equal(defaultUserLine(VERSION))
    const expected = ROLES.flatMap(({ role }) => SENTINEL_LINES[role] ?? [])
    expect(lines).to.deep.equal(expected.map((line) => line.replace('#H', `#${H}`)))
  })

  it('gives a role with keys of its own nothing else, and refuses it without a prefix', () => {
    for (const role of ['sessions', 'rate_limit', 'queue'] as const) {
      expect(() => aclLine(role, { ...userOf(role), ...CONTEXT, ownPrefix: undefined })).to.throw(
        'must end in ":"',
      )
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

  it('opens the keys of an earlier application: for reading to the cache, wholly to maintenance, to nobody else', () => {
    const context = { ...CONTEXT, earlierPrefixes: ['ai_cache:', 'ai_cache:old:', 'enc:', '{app}/'] }
    const patterns = (role: UserRole, version = VERSION): string =>
      aclLine(role, { ...userOf(role), ...context, version }).replace(
        /^.* on #H? ?\S+ (.*?) resetchannels.*$/,
        '$1',
      )
    expect(patterns('cache')).to.equal('~ai_cache:* %R~enc:* %R~{app}/*')
    expect(patterns('maintenance')).to.equal('~ai_cache:* ~enc:* ~{app}/*')
    for (const { role } of ROLES) {
      if (role === 'cache' || role === 'maintenance') continue
      expect(aclLine(role, { ...userOf(role), ...context }), role).to.equal(
        aclLine(role, { ...userOf(role), ...CONTEXT }),
      )
    }
    expect(aclLine('cache', { ...userOf('cache'), ...context, at: 'sentinel' })).to.not.include('enc')
  })

  it('refuses them by name where the server cannot let a user read alone, unless they are open already', () => {
    const old = { ...CONTEXT, version: { product: 'redis', major: 6, minor: 2 } as const }
    const line = (earlierPrefixes: readonly string[]): string =>
      aclLine('cache', { ...userOf('cache'), ...old, earlierPrefixes })
    expect(() => line(['enc:'])).to.throw(/CACHE_LEGACY_PREFIXES: needs Redis 7\.0/)
    expect(line(['ai_cache:'])).to.equal(line([]))
    for (const prefix of ['enc', 'en c:', 'enc*:', '(enc:', '']) {
      const write = () => aclLine('cache', { ...userOf('cache'), ...CONTEXT, earlierPrefixes: [prefix] })
      expect(write, prefix).to.throw('CACHE_LEGACY_PREFIXES')
    }
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
        expect(pattern).to.match(/^~[^\s()\p{Cc}\p{Cf}\p{Cs}]+:\*$/u)
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
