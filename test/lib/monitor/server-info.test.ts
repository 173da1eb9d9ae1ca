import { expect } from 'chai'
import { describe, it } from 'mocha'

import { beganAnew, readServerInfo } from '../../../lib/monitor/server-info.js'

const OLD = [
  '# Server',
  'redis_version:7.0.15',
  'run_id:c6fb07dcdf764b4e10872d5c7b62a39f29a109b1',
  'tcp_port:6380',
  '# Stats',
  'total_connections_received:2',
  'total_commands_processed:40',
  'total_net_input_bytes:900',
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
      alongside: [40, 2, 900],
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

  it('tells a start of the server and a reset of its counters from their going on', () => {
    const before = { runId: 'a', alongside: [40, 2, 900] }
    expect(beganAnew(before, { runId: 'a', alongside: [40, 2, 901] })).to.equal(false)
    expect(beganAnew(before, { runId: 'b', alongside: [50, 3, 999] })).to.equal(true)
    expect(beganAnew(before, { runId: 'a', alongside: [50, 1, 999] })).to.equal(true)
  })

  it('reads nothing as nothing', () => {
    expect(readServerInfo('')).to.include({ runId: '', failedLogins: 0, denials: 0, tcpPort: 0 })
  })
})
