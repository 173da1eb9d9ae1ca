import type { CacheError } from '../errors.js'
import { RedisError } from '../errors.js'
import type { HostPort, RedisSettings, TlsSettings } from '../settings/settings.js'
import { hardenedOptions } from './connection-options.js'
import { addressText, identityOf } from './identity.js'
import type { Login } from './login.js'
import { fromRedis } from './redis-errors.js'
import { ScrubbedRedis } from './scrubbed-client.js'
import { atNode, readAddress } from './server-address.js'

/** One Sentinel that is silent must not use up the time that another would have answered in. */
const SENTINEL_TIMEOUT_MS = 1000

/** What to show and say at a Sentinel; it may change while the connection lives. */
export interface Credentials {
  readonly login: Login
  readonly tls: TlsSettings | undefined
}

/**
 * Asks the Sentinels for the primary, one after the other (redis.io: Guidelines for Redis clients with
 * support for Redis Sentinel). Each look begins with another one, so that a Sentinel that is cut off from
 * the others and still names the old primary misleads one attempt and not all of them.
 *
 * It logs in at the Sentinels as the application does at Redis. What a Sentinel says is only a hint: the
 * server that it names must show a certificate for its name, accept the login and call itself a primary.
 */
export class SentinelLookup {
  readonly #settings: RedisSettings
  readonly #credentials: () => Credentials
  #next = 0
  #latest: HostPort | undefined
  #client: ScrubbedRedis | undefined

  constructor(settings: RedisSettings, credentials: () => Credentials = () => credentialsOf(settings)) {
    this.#settings = settings
    this.#credentials = credentials
  }

  /** The primary by the last answer. */
  get latest(): HostPort | undefined {
    return this.#latest
  }

  /** @throws {CacheError} the reason of the first Sentinel that was asked, where none knows a primary */
  async primary(): Promise<HostPort> {
    const { sentinels } = this.#settings
    const start = this.#next
    this.#next = (start + 1) % sentinels.length
    let reason: CacheError | undefined
    for (let step = 0; step < sentinels.length; step += 1) {
      const sentinel = sentinels[(start + step) % sentinels.length]
      if (sentinel === undefined) continue
      try {
        this.#latest = await this.#ask(sentinel)
        return this.#latest
      } catch (error) {
        reason ??= said(sentinel, error)
      }
    }
    throw reason ?? said({ host: '', port: 0 }, new Error('Connection is closed.'))
  }

  /** Ends a question that is under way. */
  abort(): void {
    this.#client?.disconnect()
  }

  async #ask(sentinel: HostPort): Promise<HostPort> {
    const { sentinelName = '', connectTimeoutMs } = this.#settings
    const { login, tls } = this.#credentials()
    const settings = { ...atNode(this.#settings, sentinel), tls }
    let reason: CacheError | undefined
    const client = new ScrubbedRedis({
      // One attempt: the next one asks another Sentinel.
      redis: { ...hardenedOptions(settings, () => 0), retryStrategy: () => null },
      login: () => login,
      errorContext: identityOf(settings, login).errorContext,
      observer: { reason: () => reason },
      duplicate: () => client,
    })
    client.on('error', (error: CacheError) => {
      reason ??= error
    })
    this.#client = client
    const timer = setTimeout(
      () => {
        reason ??= fromRedis(Object.assign(new Error('silent'), { code: 'ETIMEDOUT' }), 'SENTINEL', {
          endpoint: addressText(sentinel),
        })
        client.disconnect()
      },
      Math.min(connectTimeoutMs, SENTINEL_TIMEOUT_MS),
    )
    try {
      await client.connect()
      return readAnswer(await client.call('SENTINEL', 'get-master-addr-by-name', sentinelName))
    } catch (error) {
      throw reason ?? error
    } finally {
      clearTimeout(timer)
      client.disconnect()
      this.#client = undefined
    }
  }
}

function credentialsOf({ username, password, tls }: RedisSettings): Credentials {
  return { login: { username, password }, tls }
}

/** Host and port as two texts; nothing where the name is not known. */
function readAnswer(reply: unknown): HostPort {
  const [host, port] = Array.isArray(reply) ? reply.map(String) : []
  if (host === undefined || port === undefined) {
    throw new RedisError(
      'ERR_REDIS_REPLY',
      'it knows no primary of this name: compare REDIS_SENTINEL_NAME with the line "sentinel monitor" of sentinel.conf',
      'SENTINEL',
    )
  }
  const address = readAddress(host, port)
  if (address === undefined) {
    throw new RedisError('ERR_REDIS_PROTOCOL', 'its answer is not the address of a primary', 'SENTINEL')
  }
  return address
}

function said(sentinel: HostPort, error: unknown): CacheError {
  const { code, message } = fromRedis(error, 'SENTINEL')
  return new RedisError(code, `Sentinel ${addressText(sentinel)}: ${message}`, 'SENTINEL')
}
