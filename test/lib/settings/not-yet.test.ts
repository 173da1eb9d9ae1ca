import { expect } from 'chai'
import { describe, it } from 'mocha'
import { COMPLETE, expectProblems, problems, read } from '../../support/settings-cases.js'

const SENTINELS = { ...COMPLETE, REDIS_SENTINELS: 's:26379', REDIS_SENTINEL_NAME: 'primary' }
const CLUSTER = { ...COMPLETE, REDIS_CLUSTER_NODES: 'n:6379' }

describe('settings that nothing acts on yet', () => {
  it('are refused: hidden key names', () => {
    expectProblems(
      problems({ ...COMPLETE, CACHE_KEY_NAMES: 'hmac', CACHE_KEY_NAMES_SECRET: 'a'.repeat(32) }),
      [['CACHE_KEY_NAMES', 'not available yet']],
    )
  })

  it('are refused where a client would connect: a Cluster', () => {
    expectProblems(problems(CLUSTER), [['REDIS_CLUSTER_NODES', 'REDIS_HOST']])
  })

  it('are no more the Sentinels', () => {
    expect(read(SENTINELS).redis).to.deep.include({
      topology: 'sentinel',
      sentinels: [{ host: 's', port: 26_379 }],
      sentinelName: 'primary',
    })
  })

  it('are read by the generator all the same', () => {
    const generator = { purpose: 'generator' } as const
    expect(read(CLUSTER, undefined, generator).redis).to.deep.include({
      topology: 'cluster',
      clusterNodes: [{ host: 'n', port: 6379 }],
    })
  })
})
