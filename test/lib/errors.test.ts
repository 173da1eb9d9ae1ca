import { expect } from 'chai'
import { describe, it } from 'mocha'
import {
  CacheError,
  ConfigError,
  isCacheError,
  OPEN_FAILURES,
  OpenError,
  RedisError,
} from '../../lib/errors.js'

describe('errors', () => {
  it('name themselves by their class and carry their code', () => {
    const problems = [{ name: 'REDIS_HOST', message: 'must be a host name' }]
    const errors = [
      new CacheError('ERR_CACHE_KEY', 'a'),
      new ConfigError('ERR_CONFIG_INVALID', 'b', problems),
      new OpenError('tag'),
      new RedisError('ERR_REDIS_OOM', 'c', 'SET'),
    ]
    expect(errors.map(({ name, code }) => `${name} ${code}`)).to.deep.equal([
      'CacheError ERR_CACHE_KEY',
      'ConfigError ERR_CONFIG_INVALID',
      'OpenError ERR_CACHE_OPEN',
      'RedisError ERR_REDIS_OOM',
    ])
  })

  it('say the same for every value that does not open, whatever the reason', () => {
    expect(new Set(OPEN_FAILURES.map((reason) => new OpenError(reason).message)).size).to.equal(1)
  })

  it('are told apart from foreign ones, also where they come from another copy of the package', () => {
    const otherCopy = Object.assign(new Error('x'), { code: 'ERR_REDIS_OOM' })
    const foreign = Object.assign(new Error('x'), { code: 'ERR_INVALID_ARG_TYPE' })
    expect([new OpenError('tag'), otherCopy].every(isCacheError)).to.equal(true)
    expect(
      [foreign, new Error('x'), { code: 'ERR_REDIS_OOM' }, null, 'ERR_REDIS_OOM'].some(isCacheError),
    ).to.equal(false)
  })
})
