import { expect } from 'chai'
import { describe, it } from 'mocha'
import { EXTRA_ROLES, defaultExtraPrefix, extraRoles } from '../../../lib/settings/extra-roles.js'
import { Refusal } from '../../../lib/settings/validator.js'

describe('the list of extra roles', () => {
  for (const [text, roles] of [
    ['sessions', ['sessions']],
    [' Queue , sessions ', ['sessions', 'queue']],
    ['rate_limit,queue,sessions,', EXTRA_ROLES],
  ] as const) {
    it(`is read from ${JSON.stringify(text)}, in the order of the table`, () => {
      expect(extraRoles.parse(text)).to.deep.equal(roles)
    })
  }

  for (const text of ['', ',', 'session', 'admin', 'sessions admin', 'sessions;queue', '__proto__']) {
    it(`is not ${JSON.stringify(text)}`, () => {
      expect(() => extraRoles.parse(text)).to.throw(Refusal)
    })
  }

  it('has a prefix beside that of the cache where none is given', () => {
    expect(defaultExtraPrefix('ai_cache:', 'rate_limit')).to.equal('ai_cache_rate_limit:')
  })
})
