import { expect } from 'chai'
import { describe, it } from 'mocha'
import { isPublicAddress } from '../../../../lib/monitor/channels/public-address.js'

describe('a public address', () => {
  for (const address of [
    '1.1.1.1',
    '172.32.0.1',
    '192.169.0.1',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00::1',
  ]) {
    it(`is a host on the internet: ${address}`, () => {
      expect(isPublicAddress(address)).to.equal(true)
    })
  }

  for (const address of [
    '0.0.0.0',
    '10.255.255.255',
    '100.127.0.1',
    '127.9.9.9',
    '169.254.169.254',
    '172.31.255.255',
    '192.168.1.1',
    '198.19.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::7f00:1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '::ffff:0:127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    'fc00::1',
    'fdff::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    'metadata.internal',
    '',
  ]) {
    it(`is nothing else: ${address}`, () => {
      expect(isPublicAddress(address)).to.equal(false)
    })
  }
})
