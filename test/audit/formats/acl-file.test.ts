import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { Redis } from 'ioredis'
import { after, before, describe, it } from 'mocha'
import { ruleKnowledge } from '../../../lib/audit/acl/commands.js'
import { parseAclFile, type AclList } from '../../../lib/audit/formats/acl-file.js'
import { decodeSource } from '../../../lib/audit/formats/source-text.js'
import { startRedis, type RunningRedis } from '../../support/redis-server.js'

const read = (text: string): AclList => parseAclFile(decodeSource('users.acl', Buffer.from(text)))
const HASH = `#${'a'.repeat(64)}`

/** What the audit says of a file: its own problems, and names that nobody knows (ACL-019). */
function isRefused({ users, problems }: AclList): boolean {
  const rules = users.flatMap((user) => [...user.rules, ...user.selectors.flat()])
  const unknown = rules.some((rule) => ruleKnowledge(rule, undefined) !== 'known')
  // Refused by us alone: the server takes quotes into the name, an empty name, and half a selector.
  const stricter = /^(?:quotes would be part|the user name is empty|a selector is opened inside)/
  return unknown || problems.some(({ message }) => !stricter.test(message))
}

describe('users.acl', () => {
  let redis: RunningRedis
  let client: Redis

  before(async () => {
    redis = await startRedis({ transport: 'unix', access: 'roles' })
    await place('')
    await redis.admin().call('ACL', 'LOAD')
    // A successful load ends every connection, this one's too.
    client = new Redis({ path: redis.socketPath ?? '', retryStrategy: () => 2 })
    client.on('error', () => {})
  })
  after(async () => {
    client.disconnect()
    await redis.stop()
  })

  /** The default user stays open here, so that the next file can be tried. */
  async function place(text: string): Promise<void> {
    await writeFile(join(redis.folder, 'users.acl'), `user default on nopass ~* &* +@all\n${text}`)
  }

  async function refusedByServer(text: string): Promise<boolean> {
    await place(text)
    for (;;) {
      const reply = await client.call('ACL', 'LOAD').catch((error: unknown) => error)
      if (reply === 'OK') return false
      // Anything else than a reply is the connection that the load before this one ended.
      if (reply instanceof Error && /ACL errors detected/.test(reply.message)) return true
    }
  }

  it('is refused where the server refuses it @once', async () => {
    const word = fc.constantFrom(
      'on',
      'off',
      'OFF',
      'nopass',
      'resetpass',
      'reset',
      'clearselectors',
      'sanitize-payload',
      HASH,
      '#abc',
      '>secret',
      '~*',
      '~a:*',
      'allkeys',
      'resetkeys',
      '%R~b:*',
      '%~c',
      '%RW~d',
      '%RR~e',
      '&*',
      '&chan',
      'resetchannels',
      '+get',
      '+GET',
      '+@read',
      '-@dangerous',
      '+nosuch',
      '+@nosuch',
      '#',
      '+',
      '+config|get',
      '+config|nosuch',
      '+select|0',
      '-select|0',
      '+config|get|x',
      '+debug|',
      '-',
      '+@',
      '(+get',
      '~x)',
      '(~y',
      '(+set ~z)',
      '(on)',
      '()',
      '"on"',
      '+"get"',
      'word',
      '\ton',
      'on\t',
      ')',
      '',
    )
    const start = fc.constantFrom('user', 'user', 'user', 'user ', 'USER', '#', ' user', '\tuser', '')
    const name = fc.constantFrom('a', 'b', 'c', '', '"a"', 'a\tb')
    const line = fc
      .tuple(start, name, fc.array(word, { maxLength: 6 }))
      .map((parts) => parts.flat().join(' '))
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 3 }), async (lines) => {
        const text = `${lines.join('\n')}\n`
        const list = read(text)
        // The one thing that must not be tried: 7.0 dies of it.
        fc.pre(!list.problems.some(({ crash }) => crash))
        expect(isRefused(list)).to.equal(await refusedByServer(text))
      }),
      { numRuns: 500, examples: [[['user a (+get on (+set ~z)']]] },
    )
  })

  it('has a place for every word, also in selectors and behind blanks', () => {
    const { users } = read(` user a on (~x:* +get)\nuser b off ${HASH}`)
    expect(users.map(({ name, at }) => [name, at.line, at.column])).to.deep.equal([
      ['a', 1, 7],
      ['b', 2, 6],
    ])
    expect(users[0]?.selectors[0]?.map(({ at, value }) => [value, at.column])).to.deep.equal([
      ['x:*', 13],
      ['get', 18],
    ])
    expect(users[1]?.rules.map(({ at }) => at.column)).to.deep.equal([8, 12])
  })

  it('names what is wrong without repeating a word that may be a secret', () => {
    const { problems } = read('user a on hunter2hunter2 #deadbeef >swordfish\n')
    expect(problems.map(({ message }) => message).join(' ')).not.to.match(/hunter|deadbeef|swordfish/)
    expect(problems).to.have.length(2)
  })

  it('says where a selector is opened that never closes, which crashes the server', () => {
    const [problem, ...others] = read('user a on +get (~x +set').problems
    expect(others).to.deep.equal([])
    expect(problem).to.deep.include({ crash: true, at: { file: 'users.acl', line: 1, column: 16 } })
  })
})
