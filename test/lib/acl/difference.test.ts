import { expect } from 'chai'
import { describe, it } from 'mocha'
import { compareUsers } from '../../../lib/acl/difference.js'
import { isCacheError } from '../../../lib/errors.js'

const A = 'a'.repeat(64)
const B = 'b'.repeat(64)

const changes = (live: string, wanted: string): readonly string[] =>
  compareUsers([`user x ${live}`], [`user x ${wanted}`]).users.flatMap((user) => user.changes)

describe('the difference between live and wanted users', () => {
  it('is none where order and spelling alone differ', () => {
    const pairs = [
      [`on #${A} ~p:* resetchannels -@all +get +set`, `on resetchannels -@all +set +get +get ~p:* #${A}`],
      ['on nopass sanitize-payload ~* &* +@all', 'reset on nopass allkeys allchannels allcommands'],
      ['off -@all', '>password resetpass resetkeys resetchannels clearselectors -@all'],
      ['on %R~p:* %RW~q:* -@all', 'on ~q:* %r~p:* nocommands'],
      ['on nopass -@all (~p:* -@all +get)', 'on nopass -@all ( +get ~p:* )'],
      ['off +@all -@all +get', 'off +get'],
      // What 7.0 makes of single commands in ACL LIST.
      ['off -@all +@transaction -discard +get', 'off +get +multi +exec +watch +unwatch'],
      ['off -@all +later.command', 'off +other.command -other.command +later.command'],
    ] as const
    for (const [live, wanted] of pairs) expect(changes(live, wanted), wanted).to.deep.equal([])
  })

  it('says what a user gains and loses', () => {
    expect(changes(`on #${A} ~p:* -@all +get +scan`, `on #${A} ~q:* -@all +get +set`)).to.deep.equal([
      'gains ~q:*',
      'loses ~p:*',
      'gains +set',
      'loses +scan',
    ])
    expect(changes('on nopass ~* &* +@all', 'off resetpass -@all')).to.deep.equal([
      'off',
      'a password is asked',
      'loses ~*',
      'loses &*',
      'loses +@all',
    ])
    expect(changes('off -@all (~p:* +get)', 'off -@all (~p:* +set)')).to.deep.equal([
      'selector 1: gains +set',
      'selector 1: loses +get',
    ])
  })

  it('counts passwords and shows neither them nor their hashes', () => {
    const said = changes(`on #${A} -@all`, `on #${B} >planted-password -@all`)
    expect(said).to.deep.equal(['2 passwords more', '1 password less'])
  })

  it('keeps the order of rules that take away, for it decides', () => {
    expect(changes('off +@all -flushall', 'off -flushall +@all')).to.deep.equal(['gains +flushall'])
    expect(changes('off -@all +@read -keys', 'off -@all -keys +@read')).to.deep.equal(['gains +keys'])
    expect(changes('off +@all', 'off +@all -@write')[0]).to.match(/^loses [0-9]+ rules$/)
  })

  it('names users that are missing, too many and as they should be', () => {
    const { users, same } = compareUsers(
      ['user default on nopass ~* &* +@all', 'user old on nopass -@all +ping', ''],
      ['user default on nopass +@all ~* &*', `user new on #${A} -@all`],
    )
    expect(same).to.deep.equal(['default'])
    expect(users.map(({ name, kind }) => [name, kind])).to.deep.equal([
      ['new', 'missing'],
      ['old', 'extra'],
    ])
  })

  it('refuses lines that no server takes, by their number and without repeating them', () => {
    for (const line of [
      'usr x on',
      'user',
      'user  x',
      'user x planted',
      'user x (+get',
      'user y on #planted',
    ]) {
      const attempt = () => compareUsers(['user y on'], ['user z on', line])
      expect(attempt, line).to.throw('line 2').that.satisfies(isCacheError)
      expect(attempt).to.not.throw('planted')
    }
    expect(() => compareUsers([], ['user x on', 'user x off'])).to.throw('line 2')
  })
})
