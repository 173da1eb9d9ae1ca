import { expect } from 'chai'
import { describe, it } from 'mocha'

import { addressKind, hostOf, portOf } from '../../../lib/monitor/address.js'

describe('an address', () => {
  const kinds: Readonly<Record<ReturnType<typeof addressKind>, readonly string[]>> = {
    loopback: ['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'],
    private: [
      '10.1.2.3',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
      '169.254.1.1',
      '100.64.0.1',
      'fd00::1',
      'fe80::1%eth0',
      '::ffff:10.0.0.1',
    ],
    public: [
      '8.8.8.8',
      '172.32.0.1',
      '172.15.255.255',
      '192.169.0.1',
      '100.128.0.1',
      '2001:db8::1',
      '::ffff:8.8.8.8',
      '0.0.0.0',
    ],
    unknown: ['', 'redis', '/run/redis.sock', '10.0.0', '10.0.0.1.nip.io', '127.0.0.1 '],
  }
  for (const [kind, addresses] of Object.entries(kinds)) {
    for (const address of addresses) {
      it(`"${address}" is ${kind}`, () => {
        expect(addressKind(address)).to.equal(kind)
      })
    }
  }

  it('is read with its port as Redis writes it', () => {
    expect([hostOf('10.0.0.1:6379'), portOf('10.0.0.1:6379')]).to.deep.equal(['10.0.0.1', 6379])
    expect([hostOf('[::1]:6380'), portOf('[::1]:6380')]).to.deep.equal(['::1', 6380])
    expect([hostOf('/run/redis.sock:0'), portOf('/run/redis.sock:0')]).to.deep.equal(['/run/redis.sock', 0])
    expect(portOf('nothing')).to.deep.equal(Number.NaN)
  })
})
