import { inspect } from 'node:util'
import type { Command, RedisOptions } from 'ioredis'
import { Pipeline, Redis } from 'ioredis'
import type { CacheError } from '../errors.js'
import { Secret } from '../settings/secret.js'
import type { ErrorContext } from './error-mapping.js'
import { defineHidden } from './define-hidden.js'
import { HiddenArguments } from './hidden-arguments.js'
import { LeanCommand } from './lean-command.js'
import type { Login } from './login.js'
import { loginOptions, PASSWORD_PLACEHOLDER, writePassword } from './login.js'
import { fromRedis } from './redis-errors.js'
import type { Guarded } from './reply-guard.js'
import { guardReplies } from './reply-guard.js'

/** Told what happens inside a client, in our own words. */
export interface ClientObserver {
  /** A command was refused or lost. */
  rejected?(error: CacheError): void
  /** The server's answer to HELLO: name and value in turn, as RESP2 writes a map. */
  greeted?(reply: unknown): void
  /** Whoever has the client wants it to end. */
  ended?(): void
  /** A reply came that no command waits for, or that is none. */
  damaged?(): void
  /** Why there is no connection, where ioredis says no more than that there is none. */
  reason?(): CacheError | undefined
}

/** Decides whether and when a command goes out. */
export interface SendGate {
  enter(command: Command, send: () => void): void
}

export interface ScrubbedClientOptions {
  /** Without login: that is `login`. */
  readonly redis: RedisOptions
  /** Asked at each handshake, for passwords change while we run. */
  readonly login: () => Login
  readonly errorContext: ErrorContext
  readonly observer?: ClientObserver | undefined
  readonly gate?: SendGate | undefined
  /** Makes what `duplicate()` gives back. */
  readonly duplicate: (redis: RedisOptions, login: Login) => ScrubbedRedis
}

/** The handshake has a bound of its own. */
const LOGIN = new Set(['hello', 'auth'])
/** Replies that can hold errors inside: those of a transaction and of scripts. */
const NESTING = new Set(['exec', 'eval', 'evalsha', 'eval_ro', 'evalsha_ro', 'fcall', 'fcall_ro'])

/**
 * The only ioredis client that leaves this folder. Every error that it rejects with or emits is ours and
 * free of arguments; `diagnostics_channel`, `DEBUG=ioredis:*`, `util.inspect` and `JSON.stringify` show
 * neither password, key nor value. (ioredis keeps all of them in `error.command.args`, in its trace
 * context and in its options.)
 */
export class ScrubbedRedis extends Redis implements Guarded {
  handlingReply = false
  readonly #parts: ScrubbedClientOptions
  /** The socket that is being ended for a new one. */
  #dropped: unknown = null
  /** One function for all commands. */
  readonly #scrubRejection = (error: unknown, name: string): CacheError => {
    const ours = this.#scrub(error, name)
    this.#parts.observer?.rejected?.(ours)
    return ours
  }

  constructor(parts: ScrubbedClientOptions) {
    super({ ...parts.redis, ...loginOptions(parts.login()), lazyConnect: true, replyMapping: 'legacy' })
    this.#parts = parts
    // Without a listener ioredis prints the raw error.
    this.on('error', ignore)
  }

  /** A plain `Redis` would undo everything that this class is for. */
  static override createClient(): never {
    throw new TypeError('use createRedisClient() of express-secure-cache')
  }

  override sendCommand(command: Command, stream?: Parameters<Redis['sendCommand']>[1]): unknown {
    const { gate, login } = this.#parts
    if (command instanceof LeanCommand) {
      // It has no arguments to hide, and scrubs its error itself.
      command.scrub = this.#scrubRejection
      if (gate === undefined) return super.sendCommand(command, stream)
    } else {
      // ioredis publishes the arguments of every command that it has not traced yet.
      command.isTraced = true
      if (!(command.args instanceof HiddenArguments)) command.args = HiddenArguments.hide(command.args)
      this.#scrubOutcome(command)
    }
    if (LOGIN.has(command.name)) writePassword(command, login())
    const isQuit = command.name === 'quit'
    if (gate === undefined || LOGIN.has(command.name)) {
      return isQuit ? this.#quit(command) : super.sendCommand(command, stream)
    }
    gate.enter(command, () => (isQuit ? this.#quit(command) : super.sendCommand(command, stream)))
    return command.promise
  }

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    if (event === 'error') return super.emit(event, this.#scrub(values[0], 'CONNECT'))
    if (!this.handlingReply) return super.emit(event, ...values)
    try {
      return super.emit(event, ...values)
    } catch (error) {
      // The mistake of a listener is its owner's: no damage of the connection, and not to be swallowed.
      process.nextTick(() => {
        throw error
      })
      return true
    }
  }

  replyFailed(): void {
    this.#parts.observer?.damaged?.()
  }

  override disconnect(reconnect = false): void {
    if (!reconnect) this.#parts.observer?.ended?.()
    // Each READONLY of a hundred in flight asks for it, and ioredis would listen to one socket a hundred times.
    if (reconnect && this.stream === this.#dropped) return
    this.#dropped = this.stream
    super.disconnect(reconnect)
  }

  static {
    // On the prototype and not as methods: a subclass cannot restate ioredis's overloaded, generic types.
    const inherited = Redis.prototype
    defineHidden(
      this.prototype,
      'duplicate',
      function (this: ScrubbedRedis, override?: Partial<RedisOptions>) {
        return this.#duplicate(override ?? {})
      },
    )
    for (const name of ['pipeline', 'multi'] as const) {
      const create: unknown = inherited[name]
      defineHidden(this.prototype, name, function (this: ScrubbedRedis, ...given: unknown[]) {
        return unprintable(Reflect.apply(create as (...given: unknown[]) => unknown, this, given))
      })
    }
  }

  toJSON(): Record<string, unknown> {
    const { endpoint, userName, tls } = this.#parts.errorContext
    return { endpoint, userName, tls, status: this.status }
  }

  [inspect.custom](): string {
    return `RedisClient ${inspect(this.toJSON())}`
  }

  #duplicate({ username, password, ...override }: Partial<RedisOptions>): ScrubbedRedis {
    const login =
      password === undefined || password === null || password === PASSWORD_PLACEHOLDER
        ? this.#parts.login()
        : { username: username ?? undefined, password: new Secret(password) }
    return this.#parts.duplicate(override, login)
  }

  /** Where there is nobody to say goodbye to, the end comes at once. */
  #quit(command: Command): unknown {
    if (this.status === 'ready') {
      this.#parts.observer?.ended?.()
      return super.sendCommand(command)
    }
    this.disconnect()
    command.resolve(Buffer.from('OK'))
    return command.promise
  }

  #scrubOutcome(command: Command): void {
    const { name, reject, resolve } = command
    const { observer } = this.#parts
    command.reject = (error) => reject(this.#scrubRejection(error, name))
    if (name === 'hello' && observer?.greeted !== undefined) {
      command.resolve = (reply) => {
        observer.greeted?.(reply)
        return resolve(reply)
      }
    } else if (NESTING.has(name)) {
      command.resolve = (reply) => resolve(this.#scrubNested(reply, name))
    }
  }

  #scrub(error: unknown, operation: string): CacheError {
    const { errorContext, observer } = this.#parts
    const connecting = this.status === 'connecting' || this.status === 'connect'
    const ours = fromRedis(error, operation, { ...errorContext, connecting })
    return ours.code === 'ERR_CACHE_UNAVAILABLE' ? (observer?.reason?.() ?? ours) : ours
  }

  #scrubNested(reply: unknown, operation: string): unknown {
    if (reply instanceof Error) return this.#scrub(reply, operation)
    return Array.isArray(reply) ? reply.map((part) => this.#scrubNested(part, operation)) : reply
  }
}

guardReplies((client) => client instanceof ScrubbedRedis)

/** A pipeline holds its commands and the client's options as plain fields. */
function unprintable(pipeline: unknown): unknown {
  if (!(pipeline instanceof Pipeline)) return pipeline
  const text = () => 'RedisPipeline'
  defineHidden(pipeline, inspect.custom, text)
  defineHidden(pipeline, 'toJSON', text)
  return pipeline
}

function ignore(): void {
  // The reason has been handed to the observer or to the caller already.
}
