import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'dotenv'
import { expect } from 'chai'
import type { Redis } from 'ioredis'
import { after, before, describe, it } from 'mocha'
import { generateConfig } from '../../generators/index.js'
import { readLiveUsers } from '../../lib/acl/apply.js'
import { compareUsers } from '../../lib/acl/difference.js'
import { auditFolder } from '../../lib/audit/audit.js'
import { readFolderFacts } from '../../lib/audit/file-facts.js'
import { createSecureCache } from '../../lib/create.js'
import { isCacheError } from '../../lib/errors.js'
import { ADMIN, connectWith } from '../support/generated-client.js'
import { bootGenerated, freshSettings, type BootedFolder } from '../support/generated-folder.js'

const DAY_MS = 86_400_000
const EARLIER = {
  CACHE_READ_MODE: 'plaintext',
  CACHE_READ_MODE_UNTIL: new Date(Date.now() + 2 * DAY_MS).toISOString().slice(0, 10),
  CACHE_LEGACY_PREFIXES: 'ai_cache:,enc:',
}

describe('the generated folder for keys of an earlier application @once', () => {
  let booted: BootedFolder
  let admin: Redis

  before(async () => {
    booted = await bootGenerated(EARLIER)
    admin = await connectWith(booted, ADMIN)
  })
  after(async () => {
    admin.disconnect()
    await booted.stop()
  })

  const verdict = async (user: string, words: string): Promise<boolean> =>
    (await admin.call('ACL', 'DRYRUN', user, ...words.split(' '))) === 'OK'
  const findings = async (now: number): Promise<readonly string[]> => {
    const facts = await readFolderFacts(booted.out, { now, display: (path) => path })
    // The server of this machine may be one that gets no fixes any more.
    return auditFolder(facts).findings.flatMap(({ rule }) => (rule.startsWith('VER-') ? [] : [rule]))
  }

  it('lets the cache read them and nobody write them, but for maintenance', async () => {
    const cases: readonly (readonly [user: string, words: string, may: boolean])[] = [
      ['cache_service', 'get enc:a', true],
      ['cache_service', 'mget ai_cache::a ai_cache:@legacy:a ai_cache:a enc:a', true],
      ['cache_service', 'pttl enc:a', true],
      ['cache_service', 'set enc:a x', false],
      ['cache_service', 'unlink enc:a', false],
      ['cache_service', 'pexpire enc:a 1', false],
      ['cache_service', 'get encyclopedia', false],
      ['maintenance', 'unlink enc:a', true],
      ['maintenance', 'watch enc:a', true],
      ['maintenance', 'get other:a', false],
    ]
    for (const [user, words, may] of cases) {
      expect(await verdict(user, words), `${user}: ${words}`).to.equal(may)
    }
  })

  it('is what the live server has, as secure-cache acl plan compares it', async () => {
    const wanted = (await readFile(join(booted.out, 'conf/users.acl'), 'utf8')).split('\n')
    const { users, same } = compareUsers(await readLiveUsers(admin), wanted)
    expect(users).to.deep.equal([])
    expect(same).to.include.members(['cache_service', 'maintenance'])
  })

  it('serves an application with the environment that it wrote', async () => {
    const env = parse(await readFile(join(booted.out, '.env.development'), 'utf8'))
    expect(env).to.include({
      CACHE_READ_MODE: 'plaintext',
      CACHE_LEGACY_PREFIXES: 'ai_cache:,enc:',
      CACHE_READ_MODE_UNTIL: `${EARLIER.CACHE_READ_MODE_UNTIL}T00:00:00Z`,
    })
    const cache = createSecureCache({ env, logger: false, onFailure: 'throw', timeoutMs: 5000 })
    await cache.ready()
    await admin.set('enc:a', '"earlier"')
    expect(await cache.get('a')).to.equal('earlier')
    expect(await cache.delete('a')).to.equal(true)
    expect(await cache.get('a')).to.equal(undefined)
    await cache.close()
  })

  it('has no finding under our own rules until the date, and one for each right afterwards', async () => {
    expect(await findings(Date.now())).to.deep.equal([])
    expect(await findings(Date.now() + 3 * DAY_MS)).to.deep.equal(['ACL-025', 'ACL-025'])
  })

  it('has no such rights once the date has passed', async () => {
    const { settings, out } = booted
    await generateConfig({ settings, out, target: 'local', now: () => Date.now() + 3 * DAY_MS })
    expect(await readFile(join(out, 'conf/users.acl'), 'utf8')).to.not.include('enc:')
    expect(await readFile(join(out, '.env.development'), 'utf8')).to.not.include('LEGACY')
    expect(await findings(Date.now())).to.deep.equal([])
  })

  it('is refused by name for a server that knows no right to read alone', async () => {
    const settings = await freshSettings({ ...EARLIER, REDIS_VERSION: '6.2' })
    const error: unknown = await generateConfig({ settings, out: booted.out, dryRun: true }).catch(
      (reason: unknown) => reason,
    )
    expect(isCacheError(error) && error.code).to.equal('ERR_CONFIG_INVALID')
    expect(error).to.have.property('message').that.includes('CACHE_LEGACY_PREFIXES: needs Redis 7.0')
  })
})
