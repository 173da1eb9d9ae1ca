import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { parse } from 'dotenv'
import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { generateConfig } from '../../generators/index.js'
import { createSecureCache } from '../../lib/create.js'
import { readSettings } from '../../lib/settings/read.js'
import { contentsOf, modeOf } from '../support/folder-contents.js'
import { bootGenerated, freshSettings, temporaryFolder, type Overrides } from '../support/generated-folder.js'
import { HOSTILE_TEXTS } from '../support/hostile-texts.js'

const FILES = ['.env.production', '.env.development'] as const

describe('environment files of the output', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>

  beforeEach(async () => {
    folder = await temporaryFolder()
  })
  afterEach(() => folder.remove())

  /** The file as Node reads it, once dotenv has agreed. */
  async function environmentOf(name: string, out = folder.path): Promise<Record<string, string>> {
    const text = await readFile(join(out, name), 'utf8')
    const env = { ...parseEnv(text) } as Record<string, string>
    expect(parse(text), name).to.deep.equal(env)
    return env
  }

  async function generate(overrides: Overrides = {}, target: 'container' | 'local' = 'container') {
    return generateConfig({ settings: await freshSettings(overrides), out: folder.path, target })
  }

  it('are private, and complete for their environment once app/ is mounted', async () => {
    await generate()
    for (const name of FILES) {
      expect(await modeOf(join(folder.path, name)), name).to.equal(0o600)
      const env = Object.entries(await environmentOf(name)).map(([variable, value]) => [
        variable,
        value.replace(/^\/run\/secure-redis/, join(folder.path, 'app')),
      ])
      const settings = readSettings({ env: Object.fromEntries(env) as Record<string, string> })
      expect(settings.warnings, name).to.deep.equal([])
      expect(settings.environment, name).to.equal(name.slice('.env.'.length))
      expect(settings.redis, name).to.include({ authentication: 'acl' })
    }
  })

  it('hold no secret but the key of development, which is another than that of production', async () => {
    await generate()
    const contents = await contentsOf(folder.path)
    const secrets = [...contents].filter(([path]) => /_password$|_key$|_token$/.test(path))
    expect(secrets.length).to.be.greaterThan(7)
    for (const name of FILES)
      for (const [path, text] of secrets) expect(contents.get(name), path).not.to.include(text.trim())
    const production = contents.get('app/encryption_key')?.trim()
    expect((await environmentOf('.env.development'))['REDIS_ENCRYPTION_KEY']).to.match(/^[\w-]{43}$/)
    expect((await environmentOf('.env.development'))['REDIS_ENCRYPTION_KEY']).to.not.equal(production)
  })

  it('take the key of the settings, and keep their own on the next run', async () => {
    const settings = await freshSettings()
    await generateConfig({ settings, out: folder.path })
    const key = await readFile(join(folder.path, 'app/encryption_key'), 'utf8')
    expect(key).to.equal(`${settings.encryption.key?.reveal() ?? ''}\n`)
    const { files } = await generateConfig({ settings, out: folder.path })
    expect(files.filter(({ state }) => state !== 'unchanged')).to.deep.equal([])
  })

  it('bring every key prefix that the settings accept to the application exactly @once', async () => {
    let accepted = 0
    for (const text of HOSTILE_TEXTS) {
      const prefix = `${text}:`
      const settings = await freshSettings({ REDIS_KEY_PREFIX: prefix }).catch(() => undefined)
      if (settings === undefined) continue
      const done = await generateConfig({ settings, out: folder.path }).catch(() => undefined)
      if (done === undefined) continue
      accepted += 1
      const env = await environmentOf('.env.production')
      const file = env['REDIS_KEY_PREFIX_FILE']?.replace('/run/secure-redis', join(folder.path, 'app'))
      const read = file === undefined ? env['REDIS_KEY_PREFIX'] : (await readFile(file, 'utf8')).slice(0, -1)
      expect(read).to.equal(settings.redis.keyPrefix)
    }
    expect(accepted).to.be.greaterThan(20)
  })

  it('are left out for production where the settings could not run there', async () => {
    await generate({ REDIS_DEV_MODE: 'true', REDIS_TLS_ENABLED: 'false', REDIS_TLS_CA_FILE: '' }, 'local')
    const contents = await contentsOf(folder.path)
    expect(contents.has('.env.production')).to.equal(false)
    const settings = readSettings({ env: await environmentOf('.env.development') })
    expect(settings.redis.tls).to.equal(undefined)
  })

  it('are enough for an application to use the server booted beside them', async () => {
    const booted = await bootGenerated()
    try {
      const env = await environmentOf('.env.development', booted.out)
      await using cache = createSecureCache({ env, logger: false })
      await cache.ready()
      expect(await cache.set('k', { a: 1 })).to.equal(true)
      expect(await cache.get('k')).to.deep.equal({ a: 1 })
    } finally {
      await booted.stop()
    }
  })
})
