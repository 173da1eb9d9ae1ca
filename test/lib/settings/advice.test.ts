import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { Settings } from '../../../lib/settings/settings.js'
import { COMPLETE, expectProblems, problems, read } from '../../support/settings-cases.js'

describe('warnings about settings', () => {
  for (const [variable, check] of [
    ['REDIS_UNSAFE_NO_PASSWORD', ({ redis }: Settings) => redis.authentication === 'none'],
    ['REDIS_UNSAFE_NO_TLS', ({ redis }: Settings) => redis.tls === undefined],
    ['REDIS_UNSAFE_NO_CERTIFICATE_CHECK', ({ redis }: Settings) => redis.tls?.verify === false],
    ['CACHE_UNSAFE_NO_ENCRYPTION', ({ encryption }: Settings) => !encryption.enabled],
  ] as const) {
    it(`${variable} works in production, alone, and is an insecure warning`, () => {
      const env: Record<string, string> = { ...COMPLETE, REDIS_HOST: 'redis', [variable]: 'true' }
      if (variable === 'REDIS_UNSAFE_NO_PASSWORD') delete env['REDIS_CACHE_PASSWORD']
      if (variable === 'CACHE_UNSAFE_NO_ENCRYPTION') delete env['REDIS_ENCRYPTION_KEY']
      const settings = read(env)
      expect(check(settings)).to.equal(true)
      expect(settings.warnings.map(({ variable: name, insecure }) => ({ name, insecure }))).to.deep.equal([
        { name: variable, insecure: true },
      ])
    })
  }

  it('are not taken by mistake: false, empty and absent leave the protection on', () => {
    for (const value of ['false', '0', '']) {
      const env = { ...COMPLETE, REDIS_UNSAFE_NO_TLS: value, REDIS_UNSAFE_NO_CERTIFICATE_CHECK: value }
      expect(read(env).redis.tls?.verify).to.equal(true)
      expect(read(env).warnings).to.deep.equal([])
    }
    expectProblems(problems({ ...COMPLETE, REDIS_UNSAFE_NO_TLS: 'flase' }), [
      ['REDIS_UNSAFE_NO_TLS', 'true or false'],
    ])
  })
})
