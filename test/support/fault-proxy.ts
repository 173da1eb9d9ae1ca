import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { RespRequests } from './resp-requests.js'
import type { TestCertificates } from './test-certificates.js'

const HOST = '127.0.0.1'

/** What happens to bytes on their way, until the next fault is set. */
type Fault =
  | { readonly kind: 'none' }
  /** Bytes wait and go on when it heals: a switch that reboots, a stopped process. */
  | { readonly kind: 'freeze' }
  /** Bytes are gone, in one direction or both; connections stay open. */
  | { readonly kind: 'swallow'; readonly direction: 'requests' | 'replies' | 'both' }
  /** Half of the next reply, then nothing more on that connection. */
  | { readonly kind: 'halve' }
  /** The next reply is replaced by bytes that are no reply. */
  | { readonly kind: 'garble' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** One complete request in so many does not arrive; the first of a connection (its login) always does. */
  | { readonly kind: 'drop'; readonly oneIn: number; readonly random: () => number }

export interface FaultProxyOptions {
  readonly port: number
  /** Ends TLS towards the client and begins it anew towards Redis, so that requests can be told apart. */
  readonly certificates?: TestCertificates | undefined
  /** The traffic is plaintext, so that requests can be told apart. */
  readonly plaintext?: boolean | undefined
  /** Called with each complete request, by the number of its connection; where requests can be told apart. */
  readonly heard?: ((request: Buffer, connection: number) => void) | undefined
}

/** One connection of a client and the one behind it. */
interface Link {
  readonly client: Socket
  readonly server: Socket
  readonly requests: RespRequests
  /** Below TLS, where a reset is made. */
  readonly raw: Socket
  /** A fault has cut this link's replies for good. */
  mute: boolean
  greeted: boolean
}

/** Stands between client and server on the loopback address and breaks the way between them. */
export class FaultProxy {
  readonly #options: FaultProxyOptions
  readonly #links = new Set<Link>()
  #server: Server
  #port = 0
  /** The sockets below TLS, by the port of the client. */
  readonly #raw = new Map<number | undefined, Socket>()
  #fault: Fault = { kind: 'none' }
  #held: (() => void)[] = []
  /** Requests that did not arrive. */
  dropped = 0
  /** Connections that clients have made. */
  accepted = 0

  constructor(options: FaultProxyOptions) {
    this.#options = options
    this.#server = this.#createServer()
  }

  get host(): string {
    return HOST
  }

  get port(): number {
    return this.#port
  }

  async start(): Promise<this> {
    this.#server.listen(this.#port, HOST)
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
    return this
  }

  async stop(): Promise<void> {
    this.#held = []
    for (const link of this.#links) this.#end(link)
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** Nobody listens any more: ECONNREFUSED. `accept` ends it. */
  async refuse(): Promise<void> {
    await this.stop()
    this.#server = this.#createServer()
  }

  /** Listens again, on the same port. */
  async accept(): Promise<void> {
    await this.start()
  }

  freeze(): void {
    this.#fault = { kind: 'freeze' }
  }

  swallow(direction: 'requests' | 'replies' | 'both'): void {
    this.#fault = { kind: 'swallow', direction }
  }

  halveNextReply(): void {
    this.#fault = { kind: 'halve' }
  }

  garbleNextReply(): void {
    this.#fault = { kind: 'garble' }
  }

  delay(ms: number): void {
    this.#fault = { kind: 'delay', ms }
  }

  dropRequests(oneIn: number, random: () => number = Math.random): void {
    if (!this.#canRead()) throw new Error('requests can be dropped only where the proxy can read them')
    this.#fault = { kind: 'drop', oneIn, random }
  }

  /** RST on every connection; new ones are accepted. */
  reset(): void {
    for (const { raw, server } of this.#links) {
      raw.resetAndDestroy()
      server.destroy()
    }
  }

  /** Everything goes through again; what was frozen goes on. */
  heal(): void {
    this.#fault = { kind: 'none' }
    const held = this.#held
    this.#held = []
    for (const go of held) go()
  }

  #canRead(): boolean {
    return this.#options.certificates !== undefined || this.#options.plaintext === true
  }

  #createServer(): Server {
    const { certificates } = this.#options
    if (certificates === undefined) return createServer((socket) => this.#accept(socket))
    const { authority, server } = certificates
    const secure = createTlsServer(
      { cert: server.certPem, key: server.keyPem, ca: authority.certPem, requestCert: true },
      (socket) => this.#accept(socket),
    )
    // Only the socket below can be reset.
    return secure.on('connection', (raw: Socket) => {
      const { remotePort } = raw
      this.#raw.set(remotePort, raw)
      raw.once('close', () => this.#raw.delete(remotePort))
    })
  }

  #accept(client: Socket): void {
    this.accepted += 1
    const server = this.#connect()
    const link: Link = {
      client,
      server,
      requests: new RespRequests(),
      raw: this.#raw.get(client.remotePort) ?? client,
      mute: false,
      greeted: false,
    }
    this.#links.add(link)
    for (const socket of [client, server]) {
      socket.setNoDelay(true)
      socket.on('error', () => this.#end(link))
      socket.on('close', () => this.#end(link))
    }
    this.#listenTo(client, this.accepted)
    client.on('data', (chunk) => this.#pass(chunk, link, 'requests'))
    server.on('data', (chunk) => this.#pass(chunk, link, 'replies'))
  }

  #listenTo(client: Socket, connection: number): void {
    const { heard } = this.#options
    if (heard === undefined) return
    const requests = new RespRequests()
    client.on('data', (chunk: Buffer) => {
      for (const request of requests.push(chunk)) heard(request, connection)
    })
  }

  #connect(): Socket | TLSSocket {
    const { port, certificates } = this.#options
    if (certificates === undefined) return connect(port, HOST)
    const { authority, client } = certificates
    return connectTls({ host: HOST, port, ca: authority.certPem, cert: client.certPem, key: client.keyPem })
  }

  #pass(chunk: Buffer, link: Link, direction: 'requests' | 'replies'): void {
    const target = direction === 'requests' ? link.server : link.client
    const forward = (bytes: Buffer) => {
      if (!target.destroyed) target.write(bytes)
    }
    if (link.mute && direction === 'replies') return
    const fault = this.#fault
    switch (fault.kind) {
      case 'none':
        forward(direction === 'requests' ? this.#whole(chunk, link) : chunk)
        return
      case 'freeze':
        this.#held.push(() => forward(chunk))
        return
      case 'swallow':
        if (fault.direction !== 'both' && fault.direction !== direction) forward(chunk)
        return
      case 'halve':
      case 'garble':
        if (direction === 'requests') forward(chunk)
        else this.#spoil(fault.kind, { chunk, link, forward })
        return
      case 'delay':
        setTimeout(() => forward(chunk), fault.ms)
        return
      case 'drop':
        if (direction === 'replies') forward(chunk)
        else this.#drop(chunk, link, { ...fault, forward })
    }
  }

  /** Keeps the splitter at a request's boundary, for a `drop` that may begin later. */
  #whole(chunk: Buffer, link: Link): Buffer {
    if (this.#canRead()) link.requests.push(chunk)
    link.greeted = true
    return chunk
  }

  #spoil(
    kind: 'halve' | 'garble',
    { chunk, link, forward }: { chunk: Buffer; link: Link; forward: (bytes: Buffer) => void },
  ): void {
    this.#fault = { kind: 'none' }
    link.mute = kind === 'halve'
    forward(
      kind === 'halve' ? chunk.subarray(0, Math.ceil(chunk.length / 2)) : Buffer.from('\u0001?garbage\r\n'),
    )
  }

  #drop(
    chunk: Buffer,
    link: Link,
    { oneIn, random, forward }: { oneIn: number; random: () => number; forward: (bytes: Buffer) => void },
  ): void {
    for (const request of link.requests.push(chunk)) {
      const lost = link.greeted && random() < 1 / oneIn
      link.greeted = true
      if (lost) this.dropped += 1
      else forward(request)
    }
  }

  #end(link: Link): void {
    this.#links.delete(link)
    link.client.destroy()
    link.server.destroy()
  }
}
