import { expect } from 'chai'
import { describe, it } from 'mocha'
import { STANDALONE_ROLES } from '../../generators/catalogue.js'
import { gatherPasswords, generatePassword, type PasswordSet } from '../../generators/password-set.js'
import { freshSettings, type Overrides } from '../support/generated-folder.js'

async function gather(
  overrides: Overrides = {},
  kept: Readonly<Record<string, string>> = {},
): Promise<PasswordSet> {
  return gatherPasswords({
    settings: await freshSettings(overrides),
    roles: STANDALONE_ROLES,
    read: async (path) => kept[path],
  })
}

async function failureOf(action: Promise<unknown>): Promise<unknown> {
  return action.then(
    () => undefined,
    (reason: unknown) => reason,
  )
}

describe('password set', () => {
  it('draws passwords of 256 bits that need no quoting, each time another', () => {
    const drawn = Array.from({ length: 100 }, () => generatePassword().reveal())
    expect(new Set(drawn).size).to.equal(100)
    for (const password of drawn) expect(password).to.match(/^[A-Za-z0-9_-]{43}$/)
  })

  it('puts each password into the folder of those who use it, private', async () => {
    const { files } = await gather()
    expect(files.map(({ path }) => path)).to.have.members([
      'app/cache_password',
      'app/maintenance_password',
      'app/monitor_password',
      'secrets/health_password',
      'operator/admin_password',
      'operator/auditor_password',
      'operator/operator_password',
    ])
    expect(new Set(files.map(({ mode }) => mode))).to.deep.equal(new Set([0o600]))
  })

  it('prefers the settings to what it kept, and what it kept to a new one', async () => {
    const kept = {
      'app/cache_password': 'kept-for-the-cache\n',
      'secrets/health_password': 'kept-for-health\r\n',
    }
    const { files } = await gather({ REDIS_CACHE_PASSWORD: 'given-for-the-cache' }, kept)
    const textOf = (path: string): string | undefined => files.find((file) => file.path === path)?.text
    expect(textOf('app/cache_password')).to.equal('given-for-the-cache\n')
    expect(textOf('secrets/health_password')).to.equal('kept-for-health\n')
  })

  it('never calls a user default, which is always off', async () => {
    const { users } = await gather({ REDIS_CACHE_PASSWORD: '', REDIS_PASSWORD: 'kQ3vT9xLw2mZr8Yd' })
    expect(users.admin?.username).to.equal('admin')
    expect(users.cache?.username).to.equal('cache_service')
  })

  it('refuses one password for two users, naming both and not the password', async () => {
    const shared = 'one-password-for-two-x7'
    const error = await failureOf(gather({ REDIS_CACHE_PASSWORD: shared, REDIS_HEALTH_PASSWORD: shared }))
    expect(error).to.have.property('code', 'ERR_CONFIG_INVALID')
    expect(String(error)).to.match(/REDIS_HEALTH_PASSWORD is the same as REDIS_CACHE_PASSWORD/)
    expect(String(error)).not.to.include(shared)
  })

  it('refuses a kept file that holds no password', async () => {
    for (const text of ['', '\n', 'two\nlines\n', 'nul\u0000']) {
      const error = await failureOf(gather({}, { 'operator/admin_password': text }))
      expect(String(error), JSON.stringify(text)).to.include('operator/admin_password must be one line')
    }
  })
})
