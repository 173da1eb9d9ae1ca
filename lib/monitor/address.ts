import { BlockList, isIP } from 'node:net'

export type AddressKind = 'loopback' | 'private' | 'public' | 'unknown'

const LOOPBACK = blockList([
  ['127.0.0.0', 8, 'ipv4'],
  ['::1', 128, 'ipv6'],
])

/** RFC 1918, 3927 and 6598; RFC 4193 and 4291 for IPv6. None of them is routed on the internet. */
const PRIVATE = blockList([
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
])

/** Who can reach this address. Anything that is no IP address is `unknown`, never `private`. */
export function addressKind(address: string): AddressKind {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  const family = isIP(plain)
  if (family === 0) return 'unknown'
  const name = family === 4 ? 'ipv4' : 'ipv6'
  if (LOOPBACK.check(plain, name)) return 'loopback'
  return PRIVATE.check(plain, name) ? 'private' : 'public'
}

/** The host of an address as Redis writes it: `10.0.0.1:6379`, `[::1]:6379`, `::1:6379`, `/run/redis.sock:0`. */
export function hostOf(addressAndPort: string): string {
  return addressAndPort.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
}

/** The port of an address as Redis writes it; NaN where there is none. */
export function portOf(addressAndPort: string): number {
  return Number(/:(\d+)$/.exec(addressAndPort)?.[1] ?? Number.NaN)
}

function blockList(subnets: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[]): BlockList {
  const list = new BlockList()
  for (const [net, prefix, family] of subnets) list.addSubnet(net, prefix, family)
  return list
}
