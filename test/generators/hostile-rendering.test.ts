import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse as parseEnvironment } from 'dotenv'
import { after, before, describe, it } from 'mocha'
import { parse as parseYaml } from 'yaml'
import { generateConfig } from '../../generators/index.js'
import { splitWords } from '../../lib/audit/formats/redis-words.js'
import { decodeSource } from '../../lib/audit/formats/source-text.js'
import { parseEnvFile } from '../../lib/audit/formats/dotenv.js'
import { ConfigError } from '../../lib/errors.js'
import { readSettings } from '../../lib/settings/read.js'
import type { Settings } from '../../lib/settings/settings.js'
import { freshSettings, temporaryFolder } from '../support/generated-folder.js'
import { hostileMixtures } from '../support/hostile-mixtures.js'

const LETTERS = 'QmTzWkPfRbNcLsXv'
const ROUNDS = 24
const PASSWORDS = ['CACHE_', 'HEALTH_', 'MONITOR_', 'MAINTENANCE_', 'AUDITOR_', 'OPERATOR_', '']

/** Every setting that is a text, and a text made to fit where it can be. */
const TEXTS: readonly (readonly [name: string, form: (text: string) => string])[] = [
  ...PASSWORDS.map((part) => [`REDIS_${part}PASSWORD`, (text: string) => text + LETTERS + part] as const),
  ['REDIS_KEY_PREFIX', (text) => `${text}:`],
  ['REDIS_SESSIONS_PREFIX', (text) => `${text}s:`],
  ['REDIS_SESSIONS_PASSWORD', (text) => `s${text}${LETTERS}`],
  ['REDIS_CACHE_USERNAME', (text) => text],
  ['REDIS_HOST', (text) => text],
  ['REDIS_BIND_ADDRESS', (text) => text],
  ['REDIS_MAX_MEMORY', (text) => text],
  ['REDIS_TLS_SERVERNAME', (text) => text],
  ['REDIS_VERSION', (text) => text],
  ['SECURITY_ALERT_EMAIL', (text) => `${text}@example.com`],
  ['SECURITY_STATUS_TOKEN', (text) => text + LETTERS + LETTERS],
  ['REDIS_ENCRYPTION_KEY', (text) => text],
  ['REDIS_ENCRYPTION_ACCEPTED_KEYS', (text) => text],
]

/** What the others need beside them. */
const BESIDE = {
  REDIS_EXTRA_ROLES: 'sessions',
  SECURITY_SMTP_URL: `smtps://user:${LETTERS}@mail.example.com:465`,
  SECURITY_ALERT_EMAIL: 'ops@example.com',
}

/**
 * Settings of as many hostile texts as are accepted together; each that is not was refused by its name, without
 * being repeated.
 */
async function accepted(round: number, texts: readonly string[]): Promise<Settings> {
  const given = new Map(
    TEXTS.map(([name, form], index) => [name, form(texts[(round * 7 + index * 3) % texts.length] ?? '')]),
  )
  for (;;) {
    try {
      return await freshSettings({ ...BESIDE, ...Object.fromEntries(given) })
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      for (const { name, message } of error.problems) {
        const text = given.get(name) ?? ''
        expect(given.delete(name), `${name} was not given: ${message}`).to.equal(true)
        if (text.length > 12) expect(message).not.to.include(text)
      }
    }
  }
}

/** Keys and the number of entries, whatever the values. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]))
}

/** The words of each line that is no comment. */
function linesOf(text: string): readonly (readonly string[])[] {
  return text.split('\n').flatMap((line) => {
    if (line === '' || line.startsWith('#')) return []
    const words = splitWords(line)
    expect(words.ok, line.slice(0, 40)).to.equal(true)
    return words.ok ? [words.words.map(({ value }) => value)] : []
  })
}

describe('files rendered from hostile settings @once', function () {
  this.timeout(120_000)
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  const texts = hostileMixtures(300).filter((text) => text.length < 200)

  before(async () => {
    folder = await temporaryFolder()
  })
  after(() => folder.remove())

  async function filesOf(
    settings: Settings,
    target: 'container' | 'local',
  ): Promise<ReadonlyMap<string, string>> {
    const { files } = await generateConfig({ settings, out: join(folder.path, target), target })
    return new Map(files.map(({ path, text }) => [path, text]))
  }

  it('have the directives, users, keys and variables of harmless ones, and no more', async () => {
    const plain = await freshSettings(BESIDE)
    for (const target of ['container', 'local'] as const) {
      const base = await filesOf(plain, target)
      const names = (conf: string): readonly string[] => linesOf(conf).map(([name = '']) => name)
      for (let round = 0; round < ROUNDS; round++) {
        const settings = await accepted(round, texts)
        const files = await filesOf(settings, target)
        const file = (path: string): string => files.get(path) ?? ''
        const earlier = (path: string): string => base.get(path) ?? ''
        // Another version of the server has other directives; its users too.
        if (settings.server.version === plain.server.version) {
          expect(names(file('conf/redis.conf'))).to.deep.equal(names(earlier('conf/redis.conf')))
        }
        const users = file('conf/users.acl').trimEnd().split('\n')
        const usersBefore = earlier('conf/users.acl').trimEnd().split('\n')
        expect(users.map((line) => line.split(' ').length)).to.deep.equal(
          usersBefore.map((line) => line.split(' ').length),
        )
        for (const path of ['docker-compose.yml', 'docker-compose.dev.yml', 'network-policy.yaml']) {
          if (!base.has(path)) continue
          const shape = shapeOf(parseYaml(file(path), { merge: true }))
          expect(shape, path).to.deep.equal(shapeOf(parseYaml(earlier(path), { merge: true })))
        }
        for (const path of ['.env.production', '.env.development']) {
          const variables = parseEnvironment(file(path))
          // A prefix that no two readers agree about stands in a file of its own.
          const plainNames = (given: object): readonly string[] =>
            Object.keys(given).map((name) => name.replace(/_PREFIX_FILE$/, '_PREFIX'))
          expect(plainNames(variables).toSorted(), path).to.deep.equal(
            plainNames(parseEnvironment(earlier(path))).toSorted(),
          )
          const { variables: ours } = parseEnvFile(decodeSource(path, Buffer.from(file(path))))
          expect(Object.fromEntries(ours.map(({ name, value }) => [name, value]))).to.deep.equal(variables)
        }
      }
    }
  })

  it('give back exactly what was set, to the application and to the server', async () => {
    for (let round = 0; round < ROUNDS; round += 2) {
      const settings = await accepted(round, texts)
      const files = await filesOf(settings, 'local')
      const env = parseEnvironment(await readFile(join(folder.path, 'local', '.env.production'), 'utf8'))
      const read = readSettings({ env })
      expect(read.redis.keyPrefix).to.equal(settings.redis.keyPrefix)
      expect(read.redis.host).to.equal(settings.redis.host)
      expect(read.users.cache.username).to.equal(settings.users.cache.username)
      expect(read.security.statusToken?.reveal()).to.equal(settings.security.statusToken?.reveal())
      expect(read.encryption.key?.reveal()).to.equal(settings.encryption.key?.reveal())
      for (const role of ['cache', 'monitor', 'maintenance'] as const)
        expect(read.users[role].password?.reveal()).to.equal(settings.users[role].password?.reveal())
      const conf = new Map(
        linesOf(files.get('conf/redis.conf') ?? '').map(([name = '', ...words]) => [name, words]),
      )
      expect(conf.get('maxmemory')).to.deep.equal([settings.server.maxMemory])
      const lines = (files.get('conf/users.acl') ?? '').split('\n')
      for (const { username, password } of Object.values(settings.users)) {
        if (password === undefined) continue
        const hash = createHash('sha256').update(password.reveal()).digest('hex')
        const line = lines.find((text) => text.startsWith(`user ${username} `))
        expect(line?.split(' '), username).to.include(`#${hash}`)
      }
    }
  })
})
