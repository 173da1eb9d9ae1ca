import { Command } from 'ioredis'
import type { HostPort } from '../settings/settings.js'
import { readNodeAddress } from './server-address.js'

const SLOTS = 16_384

/** The slot of a key (redis.io: Cluster specification, "Key distribution model", hash tags included). */
export function slotOf(key: string | Buffer): number {
  return new Command('get', [key]).getSlot()
}

/** Which node serves which slot, as one node of the Cluster knew it. */
export class SlotMap {
  readonly #owners: (HostPort | undefined)[]
  /** Every node that was named, replicas included: whom to ask when the others are away. */
  readonly nodes: readonly HostPort[]

  constructor(owners: readonly (HostPort | undefined)[] = [], nodes: readonly HostPort[] = []) {
    this.#owners = [...owners]
    this.nodes = nodes
  }

  /** The primary of a slot; absent where no node serves it. */
  ownerOf(slot: number): HostPort | undefined {
    return this.#owners[slot]
  }

  /** A node said that the slot has moved. */
  assign(slot: number, owner: HostPort): void {
    this.#owners[slot] = owner
  }

  /** Each primary that serves a slot, once. */
  get primaries(): readonly HostPort[] {
    const primaries = new Map<string, HostPort>()
    for (const owner of this.#owners) {
      if (owner !== undefined) primaries.set(`${owner.host} ${owner.port}`, owner)
    }
    return [...primaries.values()]
  }

  get isComplete(): boolean {
    for (let slot = 0; slot < SLOTS; slot += 1) if (this.#owners[slot] === undefined) return false
    return true
  }
}

/**
 * Reads the answer to CLUSTER SLOTS: ranges, each with its primary and its replicas (redis.io: CLUSTER SLOTS).
 * Undefined where it is none: everything that a server says is judged before it is followed.
 *
 * @param origin who answered; a node that does not know its own address leaves it empty
 */
export function readSlotMap(reply: unknown, origin: HostPort): SlotMap | undefined {
  if (!Array.isArray(reply)) return undefined
  const owners: (HostPort | undefined)[] = Array.from({ length: SLOTS })
  const nodes = new Map<string, HostPort>()
  for (const range of reply as unknown[]) {
    if (!Array.isArray(range)) return undefined
    const [first, last, ...named] = range as unknown[]
    if (!isSlot(first) || !isSlot(last) || first > last) return undefined
    const addresses = named.map((node) => readNode(node, origin))
    for (const address of addresses) if (address) nodes.set(`${address.host} ${address.port}`, address)
    owners.fill(addresses[0], first, last + 1)
  }
  return new SlotMap(owners, [...nodes.values()])
}

function isSlot(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < SLOTS
}

function readNode(node: unknown, origin: HostPort): HostPort | undefined {
  if (!Array.isArray(node)) return undefined
  const [host, port] = node as unknown[]
  // Null where it does not know its own address.
  if (host !== null && typeof host !== 'string' && !Buffer.isBuffer(host)) return undefined
  return readNodeAddress(host === null ? '' : host.toString(), String(port), origin)
}
