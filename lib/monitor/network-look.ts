import { lookup } from 'node:dns/promises'
import type { NetworkSeen } from './observations.js'

/** Where Redis listens without TLS unless told otherwise. */
const DEFAULT_PORT = 6379

export interface NetworkLookOptions {
  readonly host: string
  readonly port: number
  /** The other end of the live connection, where there is one. */
  readonly remoteAddress: string | undefined
  /** The plaintext port by the server's own word, where it can be asked; with none, its TLS port. */
  readonly tcpPort: () => Promise<number | undefined>
  /** Whether a Redis answers there without TLS. */
  readonly answersPlaintext: (host: string, port: number) => Promise<boolean>
}

/** Where the server can be reached, and whether it answers there without TLS. */
export async function lookAtNetwork(options: NetworkLookOptions): Promise<NetworkSeen> {
  const { host, port, remoteAddress, tcpPort, answersPlaintext } = options
  const resolved = await lookup(host, { all: true })
  const addresses = new Set(resolved.map(({ address }) => address))
  if (remoteAddress !== undefined) addresses.add(remoteAddress)
  const ports = [...new Set([port, (await tcpPort()) ?? DEFAULT_PORT])]
  const plaintextPorts = await Promise.all(
    ports.map(async (one) => ({ port: one, answers: await answersPlaintext(host, one) })),
  )
  return { addresses: [...addresses], plaintextPorts }
}
