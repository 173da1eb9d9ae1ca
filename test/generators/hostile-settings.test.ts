import { existsSync } from 'node:fs'
import { appendFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { generateConfig, startLocalServer } from '../../generators/index.js'
import { aclLine, roleOf } from '../../lib/access/roles.js'
import { isCacheError } from '../../lib/errors.js'
import type { Settings, UserRole } from '../../lib/settings/settings.js'
import { ADMIN, APPLICATION, connectWith, outcomeOf, type Booted } from '../support/generated-client.js'
import { freshSettings, temporaryFolder, type Overrides } from '../support/generated-folder.js'
import { HOSTILE_TEXTS } from '../support/hostile-texts.js'
import { freePort } from '../support/redis-process.js'

const LETTERS = 'QmTzWkPfRbNcLsXv'
const VERSION = { product: 'redis', major: 7, minor: 0 } as const
/** Where each password lies; together they try many hostile texts in one boot. */
const LOGINS: readonly { role: UserRole; home: string }[] = [
  { role: 'cache', home: 'app' },
  { role: 'monitor', home: 'app' },
  { role: 'maintenance', home: 'app' },
  { role: 'health', home: 'secrets' },
  { role: 'auditor', home: 'operator' },
  { role: 'operator', home: 'operator' },
  { role: 'admin', home: 'operator' },
]

/** Settings with a hostile value, or nothing where the settings refuse it. */
async function settingsOrRefusal(overrides: Overrides): Promise<Settings | undefined> {
  try {
    return await freshSettings(overrides)
  } catch (error) {
    expect(isCacheError(error)).to.equal(true)
    return undefined
  }
}

function variableOf(role: UserRole): string {
  return role === 'admin' ? 'REDIS_PASSWORD' : `REDIS_${role.toUpperCase()}_PASSWORD`
}

describe('hostile settings, on servers booted from the generated files @once', () => {
  // One folder for all, so that certificates are made once.
  let folder: Awaited<ReturnType<typeof temporaryFolder>>

  before(async () => {
    folder = await temporaryFolder()
  })
  after(() => folder.remove())

  /** Generates over the last files, boots, acts, stops. */
  async function onServer<T>(
    settings: Settings,
    out: string,
    action: (booted: Booted) => Promise<T>,
  ): Promise<T> {
    await generateConfig({ settings, out, target: 'local' })
    const server = await startLocalServer({ out })
    try {
      return await action({ out, port: settings.redis.port })
    } finally {
      await server.stop()
    }
  }

  it('logs in with every password, however hostile, unless the settings refuse it', async () => {
    const passwords: string[] = []
    for (const [index, text] of HOSTILE_TEXTS.entries()) {
      const password = index % 2 === 0 ? `${text}${LETTERS}` : `${LETTERS}${text}`
      const settings = await settingsOrRefusal({ REDIS_CACHE_PASSWORD: password })
      if (settings !== undefined && !passwords.includes(password)) passwords.push(password)
    }
    expect(passwords.length).to.be.greaterThan(70)
    for (let first = 0; first < passwords.length; first += LOGINS.length) {
      const batch = LOGINS.map((login, index) => ({ ...login, password: passwords[first + index] }))
      const given = batch.flatMap(({ role, password }) =>
        password === undefined ? [] : [[variableOf(role), password] as const],
      )
      const port = String(await freePort())
      const settings = await freshSettings({ REDIS_PORT: port, ...Object.fromEntries(given) })
      await onServer(settings, folder.path, async (booted) => {
        for (const { role, home, password = '' } of batch) {
          const login = { role, home, user: roleOf(role).username }
          const pong = await outcomeOf(booted, login, (redis) => redis.ping())
          expect(pong, JSON.stringify(password.slice(0, 40))).to.equal('PONG')
        }
      })
    }
  })

  it('keeps the application to a prefix of quotes, globs, rules and words of other formats', async () => {
    for (const text of ['a"\'`$&;|', String.raw`*?[a-z]\*`, '~*&*+@all>#%', 'ünïcödé😀', '{{x}}${y}']) {
      const settings = await freshSettings({
        REDIS_KEY_PREFIX: `${text}:`,
        REDIS_PORT: String(await freePort()),
      })
      await onServer(settings, folder.path, async (booted) => {
        const set = (key: string) => outcomeOf(booted, APPLICATION, (redis) => redis.set(key, 'v'))
        expect(await set(`${text}:k`), text).to.equal('OK')
        expect(await set(`x${text}:k`), text).to.match(/NOPERM/)
        expect(await set(`${text}x:k`), text).to.match(/NOPERM/)
      })
    }
  })

  it('writes every prefix that it accepts so that the server reads it exactly', async () => {
    const settings = await freshSettings({ REDIS_PORT: String(await freePort()) })
    await generateConfig({ settings, out: folder.path, target: 'local' })
    const users: { username: string; keyPrefix: string }[] = []
    for (const [index, text] of HOSTILE_TEXTS.entries()) {
      const user = { username: `u${index}`, keyPrefix: `${text}:`, passwordHashes: ['0'.repeat(64)] }
      let line: string
      try {
        line = aclLine('cache', { ...user, version: VERSION })
      } catch (error) {
        expect(error).to.have.property('code', 'ERR_CONFIG_INVALID')
        continue
      }
      users.push(user)
      await appendFile(join(folder.path, 'conf/users.acl'), `${line}\n`)
    }
    expect(users.length).to.be.greaterThan(50)
    const server = await startLocalServer({ out: folder.path })
    const admin = await connectWith({ out: folder.path, port: settings.redis.port }, ADMIN)
    try {
      const dryrun = (username: string, key: string) =>
        admin.call('ACL', 'DRYRUN', username, 'get', key).catch((error: Error) => error.message)
      for (const { username, keyPrefix } of users) {
        expect(await dryrun(username, `${keyPrefix}k`), keyPrefix).to.equal('OK')
        expect(await dryrun(username, `${keyPrefix.slice(0, -1)}x:k`), keyPrefix).to.match(/ access /)
      }
    } finally {
      admin.disconnect()
      await server.stop()
    }
  })

  it('boots from a folder whose name needs quoting everywhere', async () => {
    const out = join(folder.path, `a "b" 'c' $HOME #é \\ %s`)
    await mkdir(out)
    const settings = await freshSettings({ REDIS_PORT: String(await freePort()) })
    const pong = await onServer(settings, out, (booted) =>
      outcomeOf(booted, APPLICATION, (redis) => redis.ping()),
    )
    expect(pong).to.equal('PONG')
  })

  it('refuses a folder whose name would break a comment, before anything is written', async () => {
    const settings = await freshSettings()
    const out = join(folder.path, 'a\nport 0')
    const error: unknown = await generateConfig({ settings, out, target: 'local' }).catch(
      (reason: unknown) => reason,
    )
    expect(error).to.have.property('code', 'ERR_CONFIG_INVALID')
    expect(existsSync(out)).to.equal(false)
  })
})
