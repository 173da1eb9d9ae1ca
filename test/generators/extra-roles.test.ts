import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'dotenv'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { auditFolder } from '../../lib/audit/audit.js'
import { readFolderFacts } from '../../lib/audit/file-facts.js'
import { createRedisClient } from '../../lib/redis/create-client.js'
import { readSettings } from '../../lib/settings/read.js'
import { ADMIN, connectWith } from '../support/generated-client.js'
import { bootGenerated, type BootedFolder } from '../support/generated-folder.js'

const COUNT = "local n = redis.call('INCR', KEYS[1]) redis.call('PEXPIRE', KEYS[1], 1000) return n"

describe('extra roles of the output', () => {
  let booted: BootedFolder
  let env: Record<string, string>

  before(async () => {
    booted = await bootGenerated({
      REDIS_EXTRA_ROLES: 'sessions,rate_limit,queue',
      REDIS_QUEUE_PREFIX: '{jobs*}:',
    })
    // As the output itself tells the application.
    env = parse(await readFile(join(booted.out, '.env.production'), 'utf8'))
  })
  after(() => booted.stop())

  async function outcome(
    role: 'sessions' | 'rate_limit' | 'queue',
    name: string,
    ...words: readonly string[]
  ): Promise<string> {
    const client = createRedisClient({ env, user: role, logger: false })
    try {
      return String(await client.call(name, ...words))
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    } finally {
      client.disconnect()
    }
  }

  it('name passwords and prefixes in the environment of the application', () => {
    const { users } = readSettings({ env })
    expect(users.sessions.keyPrefix).to.equal('ai_cache_sessions:')
    expect(users.rate_limit.keyPrefix).to.equal('ai_cache_rate_limit:')
    expect(users.queue.keyPrefix).to.equal('{jobs*}:')
    for (const role of ['sessions', 'rate_limit', 'queue'] as const)
      expect(users[role].password?.reveal(), role).to.match(/^[\w-]{43}$/)
  })

  it('serve a session store within its own keys', async () => {
    expect(await outcome('sessions', 'SET', 'ai_cache_sessions:s', '{}', 'EX', '60')).to.equal('OK')
    expect(await outcome('sessions', 'EXPIRE', 'ai_cache_sessions:s', '60')).to.equal('1')
    for (const [name, ...words] of [
      ['GET', 'ai_cache::k'],
      ['GET', 'ai_cache_rate_limit:k'],
      ['SCAN', '0'],
      ['EVAL', 'return 1', '0'],
    ] as const)
      expect(await outcome('sessions', name, ...words), name).to.equal('ERR_REDIS_NOPERM')
  })

  it('let a limiter count in a script, in its own keys alone', async () => {
    expect(await outcome('rate_limit', 'EVAL', COUNT, '1', 'ai_cache_rate_limit:a')).to.equal('1')
    expect(await outcome('rate_limit', 'EVAL', COUNT, '1', 'ai_cache_sessions:s')).to.equal(
      'ERR_REDIS_NOPERM',
    )
    // A key that is not declared is checked when the script touches it.
    const sneaking = "return redis.call('GET', 'ai_cache_sessions:s')"
    expect(await outcome('rate_limit', 'EVAL', sneaking, '0')).not.to.include('{}')
  })

  it('take the prefix of the queue as text, and no command that a queue does not need', async () => {
    expect(await outcome('queue', 'LPUSH', '{jobs*}:q:wait', '1')).to.equal('1')
    expect(await outcome('queue', 'LPUSH', '{jobs}:q:wait', '1')).to.equal('ERR_REDIS_NOPERM')
    for (const [name, ...words] of [
      ['KEYS', '*'],
      ['FLUSHALL'],
      ['CLIENT', 'LIST'],
      ['CONFIG', 'GET', '*'],
    ] as const)
      expect(await outcome('queue', name, ...words), name).to.equal('ERR_REDIS_NOPERM')
  })

  it('are users of the server where they are asked for, and raise no finding', async () => {
    const admin = await connectWith(booted, ADMIN)
    try {
      expect(await admin.acl('USERS')).to.include.members(['sessions', 'rate_limit', 'queue'])
    } finally {
      admin.disconnect()
    }
    const facts = await readFolderFacts(booted.out, { now: Date.now(), display: (path) => path })
    const found = auditFolder({ ...facts, target: { product: 'redis', major: 7, minor: 4 } }).findings
    expect(found.filter(({ rule }) => /^(?:ACL|AUT)/.test(rule))).to.deep.equal([])
  })
})
