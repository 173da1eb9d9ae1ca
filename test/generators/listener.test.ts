import { expect } from 'chai'
import { describe, it } from 'mocha'
import { listenerOf, serverNames } from '../../generators/listener.js'
import { freshSettings } from '../support/generated-folder.js'

describe('listener', () => {
  it('listens on all addresses of a container, whose network is isolated', async () => {
    const listener = listenerOf({ settings: await freshSettings(), target: 'container' })
    expect(listener).to.deep.equal({ bind: ['0.0.0.0'], port: 6379, nearAddress: '127.0.0.1' })
  })

  it('listens on this machine alone without a container, even where the settings say everywhere', async () => {
    for (const address of ['0.0.0.0', '*', '::', '10.0.0.5 0.0.0.0', '-::']) {
      const settings = await freshSettings({ REDIS_BIND_ADDRESS: address })
      expect(listenerOf({ settings, target: 'local' }).bind, address).to.deep.equal(['127.0.0.1'])
    }
  })

  it('follows the settings where they name an address', async () => {
    const settings = await freshSettings({ REDIS_BIND_ADDRESS: '10.0.0.5, -::1', REDIS_PORT: '7000' })
    const listener = listenerOf({ settings, target: 'local' })
    expect(listener).to.deep.equal({ bind: ['10.0.0.5', '-::1'], port: 7000, nearAddress: '10.0.0.5' })
    expect(serverNames({ settings, target: 'local' })).to.include.members(['10.0.0.5', '::1'])
  })

  it('refuses the loopback address for a container, which nobody could reach', async () => {
    const settings = await freshSettings({ REDIS_BIND_ADDRESS: '127.0.0.1 ::1' })
    expect(() => listenerOf({ settings, target: 'container' })).to.throw('REDIS_BIND_ADDRESS')
  })

  it('certifies every name under which a client may look for the server', async () => {
    const settings = await freshSettings({
      REDIS_HOST: 'cache.internal.',
      REDIS_TLS_SERVERNAME: 'redis.example',
    })
    expect(serverNames({ settings, target: 'container' })).to.deep.equal([
      'redis',
      'localhost',
      '127.0.0.1',
      'cache.internal',
      'redis.example',
    ])
  })
})
