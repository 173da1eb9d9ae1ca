import { createHash } from 'node:crypto'

/** What must differ between two deployments on one machine. */
export interface ComposeIdentity {
  /** Compose's project name: two projects of one name would replace each other's containers. */
  readonly project: string
  /** Docker refuses two networks whose addresses overlap. */
  readonly subnet: string
}

const SUBNETS = 4096
const MAX_NAME = 40

/**
 * Project name and subnet from the key prefix, which is what tells applications apart already. The subnet is
 * one of 4096 of 16 addresses in 10.203.0.0/16, which neither Docker's own pools nor home routers use.
 */
export function composeIdentity(keyPrefix: string): ComposeIdentity {
  const digest = createHash('sha256').update(keyPrefix).digest()
  const index = subnetIndex(digest)
  return {
    project: `${projectWord(keyPrefix, digest)}-redis`,
    subnet: `10.203.${index >> 4}.${(index & 15) << 4}/28`,
  }
}

/** The network of several servers, each with an address of its own. */
export interface ComposeNetwork {
  readonly subnet: string
  /** Addresses that Docker gives to others, such as the application: never one of a server. */
  readonly othersRange: string
  /** The address of the nth server, from 0. */
  readonly address: (nth: number) => string
}

/** Twice the subnet of a single server: servers in the lower half, everybody else in the upper one. */
export function composeNetwork(keyPrefix: string): ComposeNetwork {
  const index = subnetIndex(createHash('sha256').update(keyPrefix).digest()) & ~1
  const start = (index & 15) << 4
  const net = `10.203.${index >> 4}`
  return {
    subnet: `${net}.${start}/27`,
    othersRange: `${net}.${start + 16}/28`,
    // .0 is the network itself, .1 the gateway.
    address: (nth) => `${net}.${start + 2 + nth}`,
  }
}

function subnetIndex(digest: Buffer): number {
  return digest.readUInt16BE(0) % SUBNETS
}

/** Lowercase letters, digits and hyphens (Compose specification, "name"); marked where letters were lost. */
function projectWord(keyPrefix: string, digest: Buffer): string {
  const text = keyPrefix.slice(0, -1)
  const word = text.replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '')
  const exact = word === text.replaceAll('_', '-') && word.length <= MAX_NAME
  return exact
    ? word
    : `${word.slice(0, MAX_NAME)}${word === '' ? 'cache' : ''}-${digest.toString('hex', 2, 5)}`
}
