import { expect } from 'chai'
import { describe, it } from 'mocha'
import { composeNetwork } from '../../generators/compose-identity.js'
import { layoutsOf, namesIn, nodesOf } from '../../generators/topology.js'
import { freshSettings, temporaryFolder, type Overrides } from '../support/generated-folder.js'
import { generateConfig } from '../../generators/index.js'
import { HOSTILE_TEXTS } from '../support/hostile-texts.js'

async function refusalOf(overrides: Overrides, target: 'container' | 'local'): Promise<string> {
  const folder = await temporaryFolder()
  try {
    const settings = await freshSettings(overrides)
    await generateConfig({ settings, out: folder.path, target })
    return 'written'
  } catch (error) {
    return error instanceof Error ? error.message : 'unknown'
  } finally {
    await folder.remove()
  }
}

describe('the layout of several servers', () => {
  it('gives each container an address of its own, outside of what Docker gives to others, for every prefix', () => {
    for (const prefix of ['ai_cache:', 'shop:', ...HOSTILE_TEXTS.map((text) => `${text}:`)]) {
      const { subnet, othersRange, address } = composeNetwork(prefix)
      const [, net = '', start = ''] = /^(10\.203\.\d+)\.(\d+)\/27$/.exec(subnet) ?? []
      expect(Number(start) % 32, subnet).to.equal(0)
      expect(othersRange).to.equal(`${net}.${Number(start) + 16}/28`)
      const used = [0, 1, 2, 3, 4, 5].map((nth) => address(nth))
      expect(used).to.deep.equal([2, 3, 4, 5, 6, 7].map((last) => `${net}.${Number(start) + last}`))
    }
  })

  it('knows every name and address of containers and of development, for the certificates', async () => {
    const settings = await freshSettings({ REDIS_TOPOLOGY: 'sentinel', REDIS_KEY_PREFIX: 'shop:' })
    const { servers, sentinels } = nodesOf(layoutsOf(settings, 'container'))
    const { address } = composeNetwork('shop:')
    expect(namesIn(servers)).to.have.members([
      'redis-1',
      'redis-2',
      'redis-3',
      address(0),
      address(1),
      address(2),
      '127.0.0.1',
    ])
    expect(namesIn(sentinels)).to.include.members(['sentinel-3', address(5)])
    expect(servers.map(({ port }) => port)).to.deep.equal([6379, 6379, 6379, 6379, 6380, 6381])
    expect(sentinels.map(({ port }) => port)).to.deep.equal([26_379, 26_379, 26_379, 26_379, 26_380, 26_381])
  })

  it('refuses a port whose followers would not exist', async () => {
    const refusal = await refusalOf({ REDIS_TOPOLOGY: 'sentinel', REDIS_PORT: '45534' }, 'local')
    expect(refusal).to.match(/REDIS_PORT: is at most 45533 for sentinel/)
    expect(await refusalOf({ REDIS_TOPOLOGY: 'cluster', REDIS_PORT: '55531' }, 'container')).to.include(
      '55530',
    )
    expect(await refusalOf({ REDIS_TOPOLOGY: 'cluster', REDIS_PORT: '55530' }, 'container')).to.equal(
      'written',
    )
  })

  it('refuses one address for several containers, and takes it for servers of one machine', async () => {
    const overrides = { REDIS_TOPOLOGY: 'replica', REDIS_BIND_ADDRESS: '127.0.0.2' }
    expect(await refusalOf({ ...overrides, REDIS_BIND_ADDRESS: '10.0.0.5' }, 'container')).to.include(
      'REDIS_BIND_ADDRESS',
    )
    const layouts = layoutsOf(await freshSettings(overrides), 'local')
    expect(layouts?.main.servers.map(({ host }) => host)).to.deep.equal(['127.0.0.2', '127.0.0.2'])
  })

  it('refuses a password that a Sentinel writes and cannot read again, without repeating it', async () => {
    for (const secret of [
      'with blanks in between',
      `single'quote-in-it`,
      'double"quote-in-it-',
      'Ümläute-överall-x',
    ]) {
      const refusal = await refusalOf(
        { REDIS_TOPOLOGY: 'sentinel', REDIS_SENTINEL_PASSWORD: secret },
        'container',
      )
      expect(refusal).to.include('REDIS_SENTINEL_PASSWORD')
      expect(refusal).not.to.include(secret)
    }
  })
})
