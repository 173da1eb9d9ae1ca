import { lookup } from 'node:dns/promises'
import type { HostPort } from '../settings/settings.js'
import type { NetworkSeen } from './observations.js'

/** Where Redis listens without TLS unless told otherwise. */
const DEFAULT_PORT = 6379
/** A plaintext word on a TLS port is a line in the server's log, and people look there for attackers. */
const TLS_PORT_EVERY_MS = 10 * 60_000

export interface NetworkLookOptions {
  /** The server; another one after a failover. */
  readonly address: () => HostPort
  /** The other end of the live connection, where there is one, and whether it speaks TLS. */
  readonly live: () => { readonly remoteAddress: string | undefined; readonly overTls: boolean }
  /** The plaintext port by the server's own word, where it can be asked; with none, its TLS port. */
  readonly tcpPort: () => Promise<number | undefined>
  /** Whether a Redis answers there without TLS. */
  readonly answersPlaintext: (host: string, port: number) => Promise<boolean>
  /** Unix milliseconds. */
  readonly now: () => number
}

/** Where the server can be reached, and whether it answers there without TLS. */
export class NetworkLook {
  readonly #options: NetworkLookOptions
  /** What our own port said last, while it spoke TLS with us. */
  #tlsPort: (HostPort & { readonly at: number; readonly answers: boolean }) | undefined

  constructor(options: NetworkLookOptions) {
    this.#options = options
  }

  async look(): Promise<NetworkSeen> {
    const { address, live, tcpPort, answersPlaintext } = this.#options
    const { host, port } = address()
    const { remoteAddress, overTls } = live()
    const resolved = await lookup(host, { all: true })
    const addresses = new Set(resolved.map((entry) => entry.address))
    if (remoteAddress !== undefined) addresses.add(remoteAddress)
    const other = (await tcpPort()) ?? DEFAULT_PORT
    const plaintextPorts = [{ port, answers: await this.#ownPort({ host, port }, overTls) }]
    if (other !== port) plaintextPorts.push({ port: other, answers: await answersPlaintext(host, other) })
    return { addresses: [...addresses], plaintextPorts }
  }

  async #ownPort({ host, port }: HostPort, overTls: boolean): Promise<boolean> {
    const { answersPlaintext, now } = this.#options
    const known = this.#tlsPort?.host === host && this.#tlsPort.port === port
    if (overTls && known && this.#tlsPort !== undefined && now() - this.#tlsPort.at < TLS_PORT_EVERY_MS) {
      return this.#tlsPort.answers
    }
    const answers = await answersPlaintext(host, port)
    this.#tlsPort = overTls ? { host, port, at: now(), answers } : undefined
    return answers
  }
}
