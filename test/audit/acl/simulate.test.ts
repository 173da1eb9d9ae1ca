import { expect } from 'chai'
import * as fc from 'fast-check'
import type { Redis } from 'ioredis'
import { after, before, describe, it } from 'mocha'
import { CATEGORIES, COMMANDS, EXECUTABLE } from '../../../lib/audit/acl/commands.js'
import { simulate } from '../../../lib/audit/acl/simulate.js'
import { parseAclUser } from '../../../lib/audit/formats/acl-rules.js'
import { TABLES_VERSION } from '../../../lib/audit/server-tables.js'
import { startRedis, type RunningRedis } from '../../support/redis-server.js'

const at = { file: 'users.acl', line: 1, column: 1 }
const userOf = (rules: readonly string[]) =>
  parseAclUser(
    { value: 'tried', at },
    rules.map((value) => ({ value, at })),
  ).user

describe('the simulation of access rules', () => {
  let redis: RunningRedis
  let admin: Redis
  let arities: ReadonlyMap<string, number>

  before(async () => {
    redis = await startRedis({ transport: 'unix', access: 'none' })
    admin = redis.admin()
    arities = aritiesOf(await admin.call('COMMAND'))
  })
  after(() => redis.stop())

  /** What a real server of the table's version lets a user of these rules execute. */
  async function allowedByServer(rules: readonly string[]): Promise<readonly string[]> {
    await admin.call('ACL', 'SETUSER', 'tried', 'reset', ...rules)
    const dryRuns = admin.pipeline()
    for (const command of EXECUTABLE) {
      const words = command.split('|')
      const fill = Math.max(0, Math.abs(arities.get(command) ?? 1) - words.length)
      dryRuns.call('ACL', 'DRYRUN', 'tried', ...words, ...Array.from({ length: fill }, () => '1'))
    }
    const replies = (await dryRuns.exec()) ?? []
    return EXECUTABLE.filter((_, index) => {
      const [error, reply] = replies[index] ?? []
      if (error !== null) throw new Error(`DRYRUN of ${EXECUTABLE[index] ?? ''} failed`)
      return reply === 'OK'
    })
  }

  it('allows what the server allows, for any order of rules @once', async function () {
    const version = /redis_version:(\S+)/.exec(await admin.info('server'))?.[1]
    // Another server has other commands: scripts/server-tables.mjs asks it.
    if (version !== TABLES_VERSION) this.skip()
    const names = [...COMMANDS.keys()]
    const rule = fc.oneof(
      fc.constantFrom(...names).map((name) => `+${name}`),
      fc.constantFrom(...names).map((name) => `-${name}`),
      fc.constantFrom(...CATEGORIES).map((name) => `+@${name}`),
      fc.constantFrom(...CATEGORIES).map((name) => `-@${name}`),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(rule, { minLength: 1, maxLength: 8 }), async (rules) => {
        const always = await allowedByServer(['~*', '&*', '-@all'])
        const wanted = new Set([...always, ...simulate(userOf(['-@all', ...rules])).grants.keys()])
        const actual = await allowedByServer(['~*', '&*', '-@all', ...rules])
        expect(EXECUTABLE.filter((name) => wanted.has(name))).to.deep.equal(actual)
      }),
      { numRuns: 60 },
    )
  })

  it('adds up the user and each of its selectors', () => {
    const { grants } = simulate(userOf(['-@all', '+get', '(~a:*', '+set', '+@hash)', '(-@all', '+ping)']))
    expect([...grants.keys()]).to.include.members(['get', 'set', 'hset', 'ping'])
    expect(grants.has('del')).to.equal(false)
  })

  it('forgets what stands before a reset', () => {
    expect([...simulate(userOf(['+@all', 'reset', '+get'])).grants.keys()]).to.deep.equal(['get'])
  })
})

function aritiesOf(reply: unknown): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  const read = (entries: unknown): void => {
    for (const entry of entries as unknown[][]) {
      found.set(String(entry[0]), Number(entry[1]))
      read(entry[9] ?? [])
    }
  }
  read(reply)
  return found
}
