import { expect } from 'chai'
import { describe, it } from 'mocha'
import { ROLES } from '../../../lib/access/roles.js'
import { COMPLETE, expectProblems, OTHER_PASSWORD, problems, read } from '../../support/settings-cases.js'

describe('the users of the settings', () => {
  it('are those of the table of roles, by the same names', () => {
    const { users } = read({ ...COMPLETE, REDIS_PASSWORD: OTHER_PASSWORD })
    const named = Object.entries(users).map(([role, { username }]) => `${role}: ${username}`)
    expect(named).to.have.members(ROLES.map(({ role, username }) => `${role}: ${username}`))
  })

  it('leave no name of another role to the application', () => {
    for (const { role, username } of ROLES) {
      if (role === 'cache') continue
      expectProblems(problems({ ...COMPLETE, REDIS_CACHE_USERNAME: username }), [
        ['REDIS_CACHE_USERNAME', username],
      ])
    }
  })

  it('each have the password of their variable, and none without it', () => {
    const { users } = read({ ...COMPLETE, REDIS_MONITOR_PASSWORD: OTHER_PASSWORD })
    expect(users.monitor.password?.reveal()).to.equal(OTHER_PASSWORD)
    expect(users.maintenance.password).to.equal(undefined)
  })
})
