import { expect } from 'chai'
import { describe, it } from 'mocha'

import { readServerInfo } from '../../../lib/monitor/server-info.js'

const OLD = [
  '# Server',
  'redis_version:7.0.15',
  'run_id:c6fb07dcdf764b4e10872d5c7b62a39f29a109b1',
  'tcp_port:6380',
  '# Stats',
  'rejected_connections:3',
  'evicted_keys:9',
  '# Errorstats',
  'errorstat_NOAUTH:count=99',
  'errorstat_NOPERM:count=2',
  'errorstat_WRONGPASS:count=5',
].join('\r\n')

describe('INFO of a server', () => {
  it('counts refused logins by their answers where there is no counter of its own', () => {
    expect(readServerInfo(OLD)).to.deep.equal({
      runId: 'c6fb07dcdf764b4e10872d5c7b62a39f29a109b1',
      version: '7.0.15',
      tcpPort: 6380,
      failedLogins: 5,
      denials: 2,
      rejectedConnections: 3,
      evictedKeys: 9,
    })
  })

  it('prefers the counters of Redis 7.2', () => {
    const info = `${OLD}\r\nacl_access_denied_auth:7\r\nacl_access_denied_cmd:1\r\nacl_access_denied_key:2\r\nacl_access_denied_channel:4\r\n`
    expect(readServerInfo(info)).to.include({ failedLogins: 7, denials: 7 })
  })

  it('reads nothing as nothing', () => {
    expect(readServerInfo('')).to.include({ runId: '', failedLogins: 0, denials: 0, tcpPort: 0 })
  })
})
