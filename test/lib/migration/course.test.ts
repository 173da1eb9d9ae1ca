import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { readSettings } from '../../../lib/settings/read.js'
import type { Settings } from '../../../lib/settings/settings.js'
import { lookAt, startOpenRedis, type OpenRedis, type ServerLook } from '../../support/open-redis.js'
import { refused } from '../../support/refused.js'

describe('a migration whose settings change on the way @once', () => {
  let open: OpenRedis
  let start: ServerLook
  /** What the way back asks people to change, and more than that. */
  let changed: Settings

  before(async () => {
    open = await startOpenRedis()
    const insider = open.insider()
    await insider.set('app::k', '1')
    start = await lookAt(insider)
    await open.migration().run({ through: 'access-control' })
    const { REDIS_CACHE_PASSWORD, REDIS_TLS_CA, REDIS_TLS_CERT, REDIS_TLS_KEY, ...env } = open.env
    expect([REDIS_CACHE_PASSWORD, REDIS_TLS_CA, REDIS_TLS_CERT, REDIS_TLS_KEY]).not.to.include(undefined)
    const others = { REDIS_TLS_ENABLED: 'false', REDIS_UNSAFE_NO_TLS: 'true', REDIS_KEY_PREFIX: 'other:' }
    changed = readSettings({ env: { ...env, ...others } })
  })
  after(() => open.stop())

  it('knows its steps from its journal', async () => {
    const { steps } = await open.migration({ settings: changed }).status()
    expect(steps.map(({ id, stage }) => `${id} ${stage}`)).to.deep.equal([
      'preparation done',
      'authentication done',
      'tls done',
      'encryption done',
      'access-control done',
      'monitoring to do',
    ])
  })

  it('goes no step further with other settings than it began with, and names what differs', async () => {
    const { code, message } = await refused(open.migration({ settings: changed }).run())
    expect(code).to.equal('ERR_MIGRATION_REFUSED')
    expect(message).to.match(
      /cannot go on:\n.*: REDIS_KEY_PREFIX, REDIS_TLS_ENABLED \(the step tls\), REDIS_CACHE_PASSWORD \(it is missing\)\. /,
    )
    expect((await open.migration({ settings: changed }).plan()).obstacles).to.have.length(1)
  })

  it('goes all the way back with them, through the only way that is left', async () => {
    await open.migration({ settings: changed }).rollback({ downTo: 'preparation' })
    expect(await lookAt(open.insider())).to.deep.equal(start)
    expect(await open.insider().get('app::k')).to.equal('1')
    expect((await open.migration({ settings: changed }).status()).begunAt).to.equal(undefined)
  })
})
