import { expect } from 'chai'
import { describe, it } from 'mocha'

import { readClients } from '../../../lib/monitor/client-list.js'

function line(fields: Readonly<Record<string, string>>): string {
  const all = { id: '1', addr: '', laddr: '', name: '', cmd: 'get', user: 'cache_service', ...fields }
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}

const OURS = { localAddress: '10.0.0.5', localPort: 40_000, overTls: true, user: 'monitor' }
const US = line({ addr: '10.0.0.5:40000', laddr: '10.0.0.2:6380', user: 'monitor', cmd: 'client|list' })

describe('the list of clients', () => {
  it('tells where each comes from, once', () => {
    const other = line({ addr: '10.0.0.9:1', laddr: '10.0.0.2:6380' })
    const third = line({ addr: '[fd00::9]:7', laddr: '[fd00::2]:6380' })
    expect(readClients([US, other, other, third].join('\n'), OURS)).to.deep.equal({
      remote: ['10.0.0.5', '10.0.0.9', 'fd00::9'],
      plaintext: 0,
      plaintextFrom: undefined,
    })
  })

  it('takes another port than ours for one without TLS', () => {
    const plain = line({ addr: '10.0.0.9:1', laddr: '10.0.0.2:6379' })
    expect(readClients(`${US}\n${plain}\n`, OURS)).to.include({ plaintext: 1, plaintextFrom: '10.0.0.9' })
  })

  it('finds our own port behind address translation', () => {
    const translated = US.replace('10.0.0.5:40000', '172.18.0.1:55555')
    const other = line({ addr: '10.0.0.9:1', laddr: '10.0.0.2:6380' })
    expect(readClients(`${translated}\n${other}`, OURS)).to.include({ plaintext: 0 })
  })

  it('takes every client for one without TLS where it cannot tell our port, or we have none', () => {
    const other = line({ addr: '10.0.0.9:1', laddr: '10.0.0.2:6380' })
    expect(readClients(other, OURS)).to.include({ plaintext: 1 })
    expect(readClients(US, { ...OURS, overTls: false })).to.include({ plaintext: 1 })
  })

  it('leaves unix sockets out', () => {
    const local = line({ addr: '/run/redis.sock:0', laddr: '/run/redis.sock:0' })
    expect(readClients(`${US}\n${local}`, OURS)).to.deep.include({ remote: ['10.0.0.5'], plaintext: 0 })
  })
})
