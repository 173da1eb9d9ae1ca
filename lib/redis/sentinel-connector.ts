import type { Socket } from 'node:net'
import { connect } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { connect as connectTls } from 'node:tls'
import type { RedisOptions } from 'ioredis'
import { AbstractConnector } from 'ioredis'
import { GOODBYE_MS } from './connection-options.js'
import type { SentinelLookup } from './sentinel-lookup.js'

/**
 * Where ioredis connects: to the primary that the Sentinels name at that moment. Its own Sentinel connector
 * makes plain clients, whose errors, traces and options show the password.
 *
 * @returns the `Connector` of ioredis's options
 */
export function sentinelConnector(
  lookup: SentinelLookup,
  tlsNow: () => ConnectionOptions | undefined,
): NonNullable<RedisOptions['Connector']> {
  return class extends AbstractConnector {
    constructor() {
      super(GOODBYE_MS)
    }

    override async connect(): Promise<Socket> {
      this.connecting = true
      const address = await lookup.primary()
      // The text by which the rest of ioredis knows that somebody ended it meanwhile.
      if (!this.connecting) throw new Error('Connection is closed.')
      const tls = tlsNow()
      const stream = tls === undefined ? connect(address) : connectTls({ ...address, ...tls })
      this.stream = stream
      stream.once('error', (error: Error) => {
        this.firstError = error
      })
      return stream
    }

    override disconnect(): void {
      lookup.abort()
      super.disconnect()
    }
  }
}
