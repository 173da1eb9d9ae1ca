import { expect } from 'chai'
import { describe, it } from 'mocha'
import { nearest, unknownNames } from '../../../lib/settings/unknown-names.js'

const adviceFor = (name: string, value = 'x') => unknownNames({ [name]: value }).map(({ message }) => message)

describe('unknownNames', () => {
  for (const [name, meant] of [
    ['REDIS_PASSWROD', 'REDIS_PASSWORD?'],
    ['REDIS_PASSWROD_FILE', 'REDIS_PASSWORD_FILE?'],
    ['redis_password', 'REDIS_PASSWORD?'],
    ['CACHE_TLL', 'CACHE_TTL?'],
    ['REDIS_ENCRYPTION_KEYS', 'REDIS_ENCRYPTION_KEY?'],
    ['SECURITY_STATUS_TOKENS', 'SECURITY_STATUS_TOKEN?'],
    ['REDIS_UNSAFE_NO_TSL', 'REDIS_UNSAFE_NO_TLS?'],
    ['REDIS_USERNAME', 'REDIS_CACHE_USERNAME.'],
    ['REDIS_DB', 'REDIS_KEY_PREFIX'],
  ] as const) {
    it(`says for ${name} that ${meant} was meant`, () => {
      expect(adviceFor(name)).to.have.length(1)
      expect(adviceFor(name)[0])
        .to.match(/^unknown, without effect/)
        .and.include(meant)
    })
  }

  it('suggests nothing where nothing is near', () => {
    for (const name of ['CACHE_COMPLETELY_DIFFERENT_THING', 'REDIS_FOO']) {
      expect(adviceFor(name)).to.deep.equal(['unknown, without effect.'])
    }
  })

  for (const name of [
    'PATH',
    'NODE_ENV',
    'MY_REDIS_HOST',
    'REDISCLI_AUTH',
    'REDIS_HOST',
    'REDIS_HOST_FILE',
    'REDIS_ENCRYPTION_PREVIOUS_KEYS',
    'REDIS_ENCRYPTION_PREVIOUS_KEYS_FILE',
  ]) {
    it(`says nothing of ${name}`, () => expect(adviceFor(name)).to.deep.equal([]))
  }

  it('says nothing of what Kubernetes injects for services of such names', () => {
    const injected = {
      REDIS_SERVICE_HOST: '10.0.0.1',
      REDIS_SERVICE_PORT: '6379',
      REDIS_SERVICE_PORT_TLS: '6379',
      REDIS_PORT_6379_TCP: 'tcp://10.0.0.1:6379',
      REDIS_PORT_6379_TCP_PROTO: 'tcp',
      REDIS_PORT_6379_TCP_PORT: '6379',
      REDIS_PORT_6379_TCP_ADDR: '10.0.0.1',
      REDIS_CACHE_SERVICE_HOST: '10.0.0.1',
      REDIS_CACHE_SERVICE_PORT: '6379',
      REDIS_CACHE_PORT: 'tcp://10.0.0.1:6379',
      REDIS_CACHE_PORT_6379_TCP_ADDR: '10.0.0.1',
      CACHE_SERVICE_HOST: '10.0.0.1',
      CACHE_PORT: 'tcp://10.0.0.1:6379',
      SECURITY_PORT_443_TCP: 'tcp://10.0.0.1:443',
    }
    expect(unknownNames(injected)).to.deep.equal([])
  })

  it('writes a hostile name so that it breaks no line and fills no page', () => {
    const [warning] = unknownNames({ [`REDIS_\n\u001b[31m${'x'.repeat(10_000)}`]: 'x' })
    expect(warning?.variable).to.match(/^REDIS_[?x31m[\]]{10,58}$/)
    expect(warning?.message).to.equal('unknown, without effect.')
  })
})

describe('nearest', () => {
  it('finds a name within a fifth of its letters, in any case', () => {
    expect(nearest('onFialure', ['onFailure', 'logger'])).to.equal('onFailure')
    expect(nearest('TTL', ['ttl'])).to.equal('ttl')
    expect(nearest('x', ['logger'])).to.equal(undefined)
    expect(nearest('anything', [])).to.equal(undefined)
  })
})
