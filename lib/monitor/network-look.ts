import { lookup } from 'node:dns/promises'
import type { NetworkSeen } from './observations.js'

/** Where Redis listens without TLS unless told otherwise. */
const DEFAULT_PORT = 6379
/** A plaintext word on a TLS port is a line in the server's log, and people look there for attackers. */
const TLS_PORT_EVERY_MS = 10 * 60_000

export interface NetworkLookOptions {
  readonly host: string
  readonly port: number
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
  #tlsPort: { readonly at: number; readonly answers: boolean } | undefined

  constructor(options: NetworkLookOptions) {
    this.#options = options
  }

  async look(): Promise<NetworkSeen> {
    const { host, port, live, tcpPort, answersPlaintext } = this.#options
    const { remoteAddress, overTls } = live()
    const resolved = await lookup(host, { all: true })
    const addresses = new Set(resolved.map(({ address }) => address))
    if (remoteAddress !== undefined) addresses.add(remoteAddress)
    const other = (await tcpPort()) ?? DEFAULT_PORT
    const plaintextPorts = [{ port, answers: await this.#ownPort(overTls) }]
    if (other !== port) plaintextPorts.push({ port: other, answers: await answersPlaintext(host, other) })
    return { addresses: [...addresses], plaintextPorts }
  }

  async #ownPort(overTls: boolean): Promise<boolean> {
    const { host, port, answersPlaintext, now } = this.#options
    if (overTls && this.#tlsPort !== undefined && now() - this.#tlsPort.at < TLS_PORT_EVERY_MS) {
      return this.#tlsPort.answers
    }
    const answers = await answersPlaintext(host, port)
    this.#tlsPort = overTls ? { at: now(), answers } : undefined
    return answers
  }
}
