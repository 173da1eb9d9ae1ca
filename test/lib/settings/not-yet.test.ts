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

  it('are no more Sentinels and a Cluster', () => {
    expect(read(SENTINELS).redis).to.deep.include({
      topology: 'sentinel',
      sentinels: [{ host: 's', port: 26_379 }],
      sentinelName: 'primary',
    })
    expect(read(CLUSTER).redis).to.deep.include({
      topology: 'cluster',
      clusterNodes: [{ host: 'n', port: 6379 }],
    })
  })
})
