import type { Socket } from 'node:net'
import { CacheError } from '../errors.js'
import { Deadline } from '../deadline.js'
import type { SecurityEvents } from '../events.js'
import type { ReadyOptions } from '../interface.js'
import type { RedisSettings } from '../settings/settings.js'
import { ConnectionEvents } from './connection-events.js'
import type { ConnectionFacts, ConnectionStatus } from './connection-facts.js'
import { greetingFacts, tlsFacts } from './connection-facts.js'
import { hardenedOptions } from './connection-options.js'
import { joinWrites } from './joined-writes.js'
import type { Login } from './login.js'
import { isRefusal, RetrySchedule } from './retry-schedule.js'
import { fromRedis } from './redis-errors.js'
import { ReplyFence } from './reply-fence.js'
import { ScrubbedRedis } from './scrubbed-client.js'

const READY_TIMEOUT_MS = 10_000
const CLOSE_TIMEOUT_MS = 1000
/** After the first connection an attempt that hears nothing for this long is given up and made anew. */
const RECONNECT_SILENCE_MS = 1000

export interface OpenConnectionOptions {
  readonly settings: RedisSettings
  /** Whom to log in as; the application's own user of the settings where absent. */
  readonly user?: Login | undefined
  readonly events: SecurityEvents
  /** What the connection is for, such as `cache`: for facts. */
  readonly purpose: string
  /** The deadline of one operation. */
  readonly timeoutMs: number
  /** False for secondary connections, so that an outage is told once. */
  readonly reportsOutages?: boolean | undefined
  readonly now?: (() => number) | undefined
}

/** Opens a hardened connection. It begins to connect at once and goes on until it is closed. */
export function openConnection(options: OpenConnectionOptions): RedisConnection {
  return new RedisConnection(options)
}

/** One connection to Redis that heals itself, says what it saw and ends within bounds. */
export class RedisConnection {
  readonly client: ScrubbedRedis
  /** Shared by all operations of this connection. */
  readonly deadline: Deadline
  readonly #options: OpenConnectionOptions
  readonly #login: Login
  readonly #reporter: ConnectionEvents
  readonly #fence: ReplyFence
  readonly #retry = new RetrySchedule()
  readonly #now: () => number
  readonly #listeners = new Set<(status: ConnectionStatus) => void>()
  #status: ConnectionStatus = 'connecting'
  #lastError: CacheError | undefined
  #attemptFailed = false
  #handshakeTimer: NodeJS.Timeout | undefined
  #bytesRead = 0
  #bytesSeen = 0
  #quietSince = 0
  #connectedSince: number | undefined
  #connections = 0
  #greeting: ReturnType<typeof greetingFacts> = { version: undefined, role: undefined }

  constructor(options: OpenConnectionOptions) {
    const { settings, events, timeoutMs, reportsOutages = true, now = Date.now } = options
    this.#options = options
    this.#now = now
    this.#login = options.user ?? { username: settings.username, password: settings.password }
    const userName = this.#login.password === undefined ? undefined : (this.#login.username ?? 'default')
    this.#reporter = new ConnectionEvents({ events, userName, reportsOutages, now })
    this.deadline = new Deadline({
      timeoutMs,
      progress: () => this.#bytesRead,
      onTick: (clock) => this.#watch(clock),
    })
    this.client = new ScrubbedRedis({
      redis: hardenedOptions(settings, (attempt) => this.#attemptEnded(attempt)),
      login: this.#login,
      errorContext: {
        endpoint: `${settings.host}:${settings.port}`,
        userName,
        tls: settings.tls !== undefined,
        clientCertificate: settings.tls?.cert !== undefined,
        keyPrefix: settings.keyPrefix,
      },
      observer: {
        rejected: (error) => {
          if (error.code === 'ERR_REDIS_NOPERM' && 'operation' in error) {
            this.#reporter.denied(String(error.operation))
          }
        },
        greeted: (reply) => {
          this.#greeting = greetingFacts(reply)
        },
      },
    })
    this.#fence = new ReplyFence({
      send: (command) => this.client.sendCommand(command),
      outOfStep: () => this.dropDamaged(),
    })
    this.#listen()
    this.client.connect().catch(ignore)
  }

  get status(): ConnectionStatus {
    return this.#status
  }

  /** Why there is no connection. */
  get lastError(): CacheError | undefined {
    return this.#lastError
  }

  /** Calls the listener at each change of the status. Returns the call that stops it. */
  onStatus(listener: (status: ConnectionStatus) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What was observed, never what was configured. */
  facts(): ConnectionFacts {
    const { settings, purpose } = this.#options
    const up = this.#status === 'up'
    const stream: Socket | undefined = this.client.stream
    return {
      purpose,
      endpoint: `${settings.host}:${settings.port}`,
      status: this.#status,
      authenticatedAs:
        up && this.#login.password !== undefined ? (this.#login.username ?? 'default') : undefined,
      tls: up ? tlsFacts(stream) : undefined,
      remoteAddress: up ? stream?.remoteAddress : undefined,
      serverVersion: this.#greeting.version,
      serverRole: this.#greeting.role,
      connectedSince:
        up && this.#connectedSince !== undefined ? new Date(this.#connectedSince).toISOString() : undefined,
      reconnects: Math.max(0, this.#connections - 1),
      lastErrorCode: this.#lastError?.code,
    }
  }

  /**
   * Resolves once the server has accepted the login over the wanted transport.
   *
   * Rejects at once for what waiting cannot cure (login, permission, certificate), and with the last
   * reason when `timeoutMs` (10 000) is over or the signal aborts.
   */
  ready({ timeoutMs = READY_TIMEOUT_MS, signal }: ReadyOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: CacheError) => {
        clearTimeout(timer)
        stop()
        signal?.removeEventListener('abort', giveUp)
        if (error === undefined) resolve()
        else reject(error)
      }
      const giveUp = () => settle(this.#lastError ?? this.#notReady(timeoutMs))
      const look = () => {
        const error = this.#lastError
        if (this.#status === 'up') settle()
        else if (this.#status === 'closed') settle(closed())
        else if (this.#status === 'down' && error !== undefined && isRefusal(error.code)) settle(error)
      }
      const timer = setTimeout(giveUp, timeoutMs)
      const stop = this.onStatus(look)
      signal?.addEventListener('abort', giveUp)
      if (signal?.aborted === true) giveUp()
      else look()
    })
  }

  /** Connects now instead of at the next turn of the schedule: the credentials have changed. */
  retryNow(): void {
    if (this.#status === 'down' && this.client.status === 'reconnecting') this.client.connect().catch(ignore)
  }

  /** Something came back that should not have: looks whether replies still belong to their commands. */
  doubt(): void {
    if (this.#status === 'up') this.#fence.check()
  }

  /** Replies do not belong to their commands, or do not come: a damaged connection never heals by itself. */
  dropDamaged(): void {
    if (this.#status !== 'up') return
    this.#lastError = fromRedis(new Error('unexpected reply'), 'CONNECT', {
      endpoint: `${this.#options.settings.host}:${this.#options.settings.port}`,
    })
    this.client.stream.destroy()
  }

  /** Says goodbye, and ends within `timeoutMs` (1000) whatever the server does. */
  async close({
    timeoutMs = CLOSE_TIMEOUT_MS,
  }: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    if (this.#status === 'closed') return
    const wasUp = this.#status === 'up'
    this.#become('closed')
    clearTimeout(this.#handshakeTimer)
    if (wasUp) await withinBound(this.client.quit(), timeoutMs)
    this.client.disconnect()
    this.client.stream?.destroy()
    this.deadline.stop()
  }

  #listen(): void {
    const { client } = this
    client.on('connecting', () => {
      this.#attemptFailed = false
    })
    client.on('connect', () => this.#connected(client.stream))
    client.on('ready', () => this.#ready())
    client.on('error', (error: CacheError) => {
      this.#lastError = error
      if (this.#status === 'up') client.stream.destroy()
      else this.#failed(error)
    })
    client.on('close', () => clearTimeout(this.#handshakeTimer))
    client.on('end', () => this.#revive())
  }

  #connected(stream: Socket): void {
    joinWrites(stream)
    stream.on('data', (chunk: Buffer) => {
      this.#bytesRead += chunk.length
    })
    this.#handshakeTimer = setTimeout(() => {
      stream.destroy(Object.assign(new Error('the handshake was not answered'), { code: 'ETIMEDOUT' }))
    }, this.#silenceMs())
  }

  #ready(): void {
    clearTimeout(this.#handshakeTimer)
    this.#connections += 1
    this.#connectedSince = this.#now()
    this.#lastError = undefined
    this.#quietSince = this.deadline.clock
    this.#retry.succeeded()
    this.client.options.connectTimeout = this.#silenceMs()
    this.#become('up')
    this.#reporter.connected()
  }

  /** ioredis asks for the delay after each end of a connection, also where no error told of it. */
  #attemptEnded(attempt: number): number {
    this.#failed(this.#lastError ?? this.#lost())
    return this.#retry.delay(attempt)
  }

  #failed(error: CacheError): void {
    if (this.#attemptFailed || this.#status === 'closed') return
    this.#attemptFailed = true
    this.#lastError = error
    this.#retry.failed(error.code)
    this.#become('down')
    this.#reporter.failed(error)
  }

  /** ioredis gives up for good where a socket cannot even be made. We do not. */
  #revive(): void {
    if (this.#status === 'closed') return
    this.#failed(this.#lastError ?? this.#lost())
    setTimeout(() => {
      if (this.#status !== 'closed') this.client.connect().catch(ignore)
    }, this.#retry.delay(1)).unref()
  }

  /** Damaged: something is pending and no byte came for the deadline, on the clock of the event loop. */
  #watch(clock: number): boolean {
    const pending = this.#status === 'up' && this.client.commandQueue.length > 0
    if (!pending || this.#bytesRead !== this.#bytesSeen) {
      this.#bytesSeen = this.#bytesRead
      this.#quietSince = clock
    } else if (clock - this.#quietSince >= this.deadline.timeoutMs) {
      this.dropDamaged()
    }
    if (pending) this.doubt()
    return pending
  }

  #become(status: ConnectionStatus): void {
    if (this.#status === status || this.#status === 'closed') return
    this.#status = status
    for (const listener of this.#listeners) listener(status)
  }

  #silenceMs(): number {
    const budget = this.#options.settings.connectTimeoutMs
    return this.#connections === 0 ? budget : Math.min(budget, RECONNECT_SILENCE_MS)
  }

  #lost(): CacheError {
    const { settings } = this.#options
    return fromRedis(Object.assign(new Error('reset'), { code: 'ECONNRESET' }), 'CONNECT', {
      endpoint: `${settings.host}:${settings.port}`,
      tls: settings.tls !== undefined,
      clientCertificate: settings.tls?.cert !== undefined,
      connecting: this.#status !== 'up',
    })
  }

  #notReady(timeoutMs: number): CacheError {
    return new CacheError(
      'ERR_CACHE_TIMEOUT',
      `Redis was not ready within ${timeoutMs} ms: it is still being tried`,
    )
  }
}

/** The error of every operation after `close()`. */
export function closed(): CacheError {
  return new CacheError('ERR_CACHE_CLOSED', 'the cache was closed: nothing can be read or written any more')
}

async function withinBound(promise: Promise<unknown>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const bound = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs)
  })
  await Promise.race([promise.catch(ignore), bound])
  clearTimeout(timer)
}

function ignore(): void {
  // The reason arrives as an `error` event as well; ioredis rejects with nothing but "closed".
}
