import type { RedisOptions } from 'ioredis'
import { Deadline } from '../deadline.js'
import type { CacheError } from '../errors.js'
import type { ReadyOptions } from '../interface.js'
import type { Secret } from '../settings/secret.js'
import type { HostPort, TlsSettings } from '../settings/settings.js'
import { CommandGate } from './command-gate.js'
import { ConnectionEvents } from './connection-events.js'
import type { ConnectionFacts, ConnectionStatus } from './connection-facts.js'
import { BLOCKING_OPTIONS, hardenedOptions, harmless } from './connection-options.js'
import { ConnectionRecord } from './connection-record.js'
import { HandshakeBound } from './handshake-bound.js'
import type { Identity } from './identity.js'
import { identityOf } from './identity.js'
import { lateReply } from './late-reply.js'
import type { LeanCommand } from './lean-command.js'
import type { Login } from './login.js'
import type { OpenConnectionOptions } from './open-options.js'
import { NodeWatch } from './node-watch.js'
import { probePlaintext } from './probe.js'
import { fromRedis, plaintextPort } from './redis-errors.js'
import { RetrySchedule } from './retry-schedule.js'
import { ScrubbedRedis } from './scrubbed-client.js'
import { sentinelConnector } from './sentinel-connector.js'
import type { Credentials } from './sentinel-lookup.js'
import { SentinelLookup } from './sentinel-lookup.js'
import { tlsOptions } from './tls-options.js'
import { whenReady } from './when-ready.js'
import { withinBound } from './within-bound.js'

const CLOSE_TIMEOUT_MS = 1000

/** Opens a hardened connection. It begins to connect at once and goes on until it is closed. */
export function openConnection(options: OpenConnectionOptions): RedisConnection {
  return new RedisConnection(options)
}

/**
 * A connection to one server, or to whichever the Sentinels call the primary, that heals itself, says what it saw and ends within bounds.
 *
 * Its status is `connecting` until the first attempt has ended, then `up` or `down`. Whoever sends
 * commands looks at it first: there is no queue behind it.
 */
export class RedisConnection {
  readonly client: ScrubbedRedis
  /** Shared by all operations of this connection. */
  readonly deadline: Deadline
  readonly #options: OpenConnectionOptions
  #login: Login
  #tls: TlsSettings | undefined
  readonly #identity: Identity
  readonly #reporter: ConnectionEvents
  readonly #gate: CommandGate | undefined
  readonly #watch: NodeWatch
  /** Knows where the primary is; absent where the settings say it. */
  readonly #lookup: SentinelLookup | undefined
  readonly #retry = new RetrySchedule()
  readonly #record: ConnectionRecord
  readonly #handshake: HandshakeBound
  readonly #listeners = new Set<(status: ConnectionStatus) => void>()
  #status: ConnectionStatus = 'connecting'
  #lastError: CacheError | undefined
  #attemptFailed = false
  #speaksPlaintext = false
  #revivals = 0

  constructor(options: OpenConnectionOptions) {
    const { settings, events, timeoutMs, reportsOutages = true, now = Date.now } = options
    this.#options = options
    this.#tls = settings.tls
    this.#login = options.user ?? { username: settings.username, password: settings.password }
    this.#identity = identityOf(settings, this.#login)
    this.#record = new ConnectionRecord({ purpose: options.purpose, identity: this.#identity, now })
    this.#handshake = new HandshakeBound(settings.connectTimeoutMs)
    this.#reporter = new ConnectionEvents({ events, userName: this.#identity.userName, reportsOutages, now })
    this.deadline = new Deadline({
      timeoutMs,
      progress: () => this.#watch.bytesRead,
      onTick: (clock) => this.#watch.look(clock),
    })
    this.#lookup =
      settings.topology === 'sentinel' ? new SentinelLookup(settings, () => this.#application()) : undefined
    this.#gate = options.bounds === 'gate' ? new CommandGate(this, this.deadline) : undefined
    this.client = this.#createClient()
    this.#watch = new NodeWatch({
      client: this.client,
      timeoutMs,
      damaged: () => this.dropDamaged(),
      silent: () => this.#drop(lateReply(timeoutMs, 'CONNECT')),
    })
    this.#listen()
    if (options.lazy !== true) this.start()
  }

  /** Begins to connect, where that has not begun. */
  start(): void {
    if (this.client.status === 'wait' && this.#status !== 'closed') this.client.connect().catch(ignore)
  }

  get status(): ConnectionStatus {
    return this.#status
  }

  /** The server that is meant: of the settings, or the primary by the last word of a Sentinel. */
  get address(): HostPort {
    const { host, port } = this.#options.settings
    return this.#lookup?.latest ?? { host, port }
  }

  /** Why there is no connection. */
  get lastError(): CacheError | undefined {
    return this.#lastError
  }

  /** Calls the listener when the status or the reason changes. Returns the call that stops it. */
  onStatus(listener: (status: ConnectionStatus) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Grows with every reply: for the deadline of whoever has several connections. */
  get bytesRead(): number {
    return this.#watch.bytesRead
  }

  /** One look at the connection's health by the clock of such a deadline. True while something is pending. */
  look(clock: number): boolean {
    return this.#watch.look(clock)
  }

  /** Sends one command about one key, at the server that has it. Rejects with one of our errors. */
  call(name: string, key: string, ...rest: readonly (string | Buffer)[]): Promise<unknown> {
    const reply = this.client.call(name, key, ...rest)
    // A server that takes the question and never answers: the deadline then drops the connection.
    this.deadline.wake()
    return reply
  }

  /** `operations`: how many calls of the store it answers. */
  send(command: LeanCommand, operations = 1): void {
    this.client.sendCommand(command)
    this.#watch.sent(operations)
  }

  /** What was observed, never what was configured. */
  facts(): ConnectionFacts {
    const { stream } = this.client
    return this.#record.facts({ status: this.#status, stream, lastErrorCode: this.#lastError?.code })
  }

  /** Resolves once the server has accepted the login over the wanted transport; see {@link whenReady}. */
  ready(options?: ReadyOptions): Promise<void> {
    return whenReady(this, options)
  }

  /**
   * The password or the certificate has changed: they count from the next handshake on, which comes at once
   * where there is no connection. One that works is not disturbed: Redis asks for both only in the beginning.
   *
   * @throws {CacheError} ERR_TLS_… for PEM texts that OpenSSL refuses; everything stays as it was then
   */
  renew({
    password,
    tls,
  }: {
    readonly password?: Secret | undefined
    readonly tls?: TlsSettings | undefined
  }): void {
    if (tls !== undefined) {
      this.client.options.tls = tlsOptions(tls)
      this.#tls = tls
    }
    if (password !== undefined) this.#login = { ...this.#login, password }
    if (this.#status !== 'down') return
    this.#lastError = undefined
    this.#retry.forget()
    this.#become('connecting')
    if (this.client.status === 'reconnecting') this.client.connect().catch(ignore)
  }

  /** Something came back that should not have: looks whether replies still belong to their commands. */
  doubt(): void {
    this.#watch.doubt()
  }

  /** Replies do not belong to their commands: the connection is replaced. */
  dropDamaged(): void {
    this.#drop(fromRedis(new Error('unexpected reply'), 'CONNECT', this.#identity.errorContext))
  }

  /** Says goodbye, and ends within `timeoutMs` (1000) whatever the server does. */
  async close(options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    if (this.#status === 'closed') return
    const wasUp = this.#status === 'up'
    this.#become('closed')
    this.#handshake.end()
    if (wasUp) await withinBound(this.client.quit(), options.timeoutMs ?? CLOSE_TIMEOUT_MS)
    this.client.disconnect()
    this.#destroyStream()
    this.deadline.stop()
  }

  #drop(reason: CacheError): void {
    if (this.#status !== 'up') return
    this.#lastError = reason
    this.client.stream.destroy()
  }

  #createClient(): ScrubbedRedis {
    const { settings, bounds = 'caller', extra } = this.#options
    return new ScrubbedRedis({
      redis: {
        ...hardenedOptions(settings, (attempt) => this.#attemptEnded(attempt)),
        ...this.#connector(),
        // After a failover the old primary answers so: connect anew. Never 2 (resend): it loops.
        reconnectOnError: ({ message }) =>
          message.startsWith('READONLY') && this.#record.isWorthLeaving ? 1 : false,
        ...(bounds === 'nobody' ? BLOCKING_OPTIONS : {}),
        ...extra,
      },
      login: () => this.#login,
      errorContext: this.#identity.errorContext,
      observer: {
        rejected: (error) => this.#reporter.rejected(error),
        greeted: (reply) => this.#record.greeted(reply),
        ended: () => this.#ended(),
        damaged: () => this.dropDamaged(),
        reason: () => this.#lastError,
      },
      gate: this.#gate,
      duplicate: (override, login) => this.#duplicate(override, login),
    })
  }

  #connector(): RedisOptions {
    const lookup = this.#lookup
    if (lookup === undefined) return {}
    return { Connector: sentinelConnector(lookup, () => this.#tls && tlsOptions(this.#tls)) }
  }

  /** The application's own login and certificates: Sentinels know no other user of ours. */
  #application(): Credentials {
    const { user, settings } = this.#options
    const { username, password } = settings
    return { login: user === undefined ? this.#login : { username, password }, tls: this.#tls }
  }

  #duplicate(override: Partial<RedisOptions>, user: Login): ScrubbedRedis {
    const { lazyConnect, ...rest } = override
    const lazy = lazyConnect ?? this.#options.lazy
    return openConnection({
      ...this.#options,
      user,
      lazy,
      extra: { ...this.#options.extra, ...harmless(rest) },
    }).client
  }

  /** Whoever has the client said `quit()` or `disconnect()`. */
  #ended(): void {
    if (this.#status === 'closed') return
    this.#become('closed')
    this.#handshake.end()
    setTimeout(() => this.#destroyStream(), CLOSE_TIMEOUT_MS).unref()
  }

  #listen(): void {
    const { client } = this
    client.on('connecting', () => {
      this.#attemptFailed = false
    })
    client.on('connect', () => this.#handshake.begin(client.stream))
    client.on('ready', () => this.#ready())
    client.on('error', (error: CacheError) => {
      this.#lastError = error
      // An error beside a reply (one too many of them) leaves the socket open: it must not stay so.
      if (this.#status === 'up') this.#destroyStream()
      else this.#failed(error)
    })
    client.on('close', () => this.#handshake.end())
    client.on('end', () => this.#revive())
  }

  #ready(): void {
    this.#handshake.end()
    if (this.#lookup !== undefined && this.#record.isReplica) {
      // The Sentinel's word was old: this server is not the primary any more, or not yet.
      this.#lastError = fromRedis(new Error('READONLY'), 'CONNECT', this.#identity.errorContext)
      this.#destroyStream()
      return
    }
    this.#revivals = 0
    this.#handshake.succeeded()
    this.#record.connected()
    this.#lastError = undefined
    this.#speaksPlaintext = false
    this.#retry.forget()
    this.client.options.connectTimeout = this.#handshake.silenceMs
    this.#become('up')
    this.#reporter.connected()
  }

  /** ioredis asks for the delay after each end of a connection, also where no error told of it. */
  #attemptEnded(attempt: number): number {
    this.#failed(this.#lastError ?? this.#lost())
    return this.#retry.delay(attempt)
  }

  #failed(seen: CacheError): void {
    if (this.#attemptFailed || this.#status === 'closed') return
    this.#attemptFailed = true
    const unanswered = seen.code === 'ERR_REDIS_UNREACHABLE'
    const error = unanswered && this.#speaksPlaintext ? plaintextPort() : seen
    if (unanswered && this.#status !== 'down') void this.#lookForPlaintext()
    this.#lastError = error
    this.#retry.failed(error.code)
    this.#become('down')
    this.#reporter.failed(error)
  }

  /** A TLS client on a plaintext port hears nothing at all: a plaintext PING tells. */
  async #lookForPlaintext(): Promise<void> {
    const { tls } = this.#options.settings
    const { host, port } = this.address
    if (tls === undefined || (await probePlaintext(host, port)) !== 'plaintext') return
    if (this.#status !== 'down') return
    this.#speaksPlaintext = true
    this.#lastError = plaintextPort()
    this.#reporter.failed(this.#lastError)
    this.#tell()
  }

  /** ioredis gives up for good where a socket cannot even be made, or no Sentinel answers. We do not. */
  #revive(): void {
    if (this.#status === 'closed') return
    this.#failed(this.#lastError ?? this.#lost())
    this.#revivals += 1
    setTimeout(() => {
      if (this.#status !== 'closed') this.client.connect().catch(ignore)
    }, this.#retry.delay(this.#revivals)).unref()
  }

  #become(status: ConnectionStatus): void {
    if (this.#status === 'closed') return
    this.#status = status
    this.#tell()
  }

  #tell(): void {
    this.#gate?.changed(this)
    for (const listener of this.#listeners) listener(this.#status)
  }

  #destroyStream(): void {
    const stream: { destroy(): unknown } | undefined = this.client.stream
    stream?.destroy()
  }

  #lost(): CacheError {
    const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' })
    return fromRedis(reset, 'CONNECT', { ...this.#identity.errorContext, connecting: this.#status !== 'up' })
  }
}

function ignore(): void {
  // The reason arrives as an `error` event as well; ioredis rejects with nothing but "closed".
}
