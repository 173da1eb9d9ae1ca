import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { expect } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { SecurityEvents } from '../../../lib/events.js'
import type { RedisConnection } from '../../../lib/redis/connection.js'
import { openConnection } from '../../../lib/redis/connection.js'
import type { OpenConnectionOptions } from '../../../lib/redis/open-options.js'
import { startRedis } from '../../support/redis-server.js'
import { until } from '../../support/until.js'

const GREETING = '%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n'

/** What no command has asked for: replies of every type, push messages with nothing or nonsense in them. */
const STRAY = [
  '_\r\n',
  '$-1\r\n',
  '*-1\r\n',
  '+OK\r\n',
  ':1\r\n',
  '-ERR nobody asked\r\n',
  '!5\r\nabcde\r\n',
  '#t\r\n',
  '*1\r\n_\r\n',
  '>0\r\n',
  '>1\r\n_\r\n',
  '>1\r\n:5\r\n',
  '>2\r\n$9\r\nsubscribe\r\n$-1\r\n',
  '>3\r\n$7\r\nmessage\r\n_\r\n_\r\n',
  '>3\r\n$11\r\nunsubscribe\r\n_\r\n_\r\n',
  '>4\r\n$8\r\npmessage\r\n_\r\n_\r\n_\r\n',
  '%-1\r\n',
  '*4294967296\r\n',
  '\r\n',
  '\0\0\0',
]

describe('the guard of replies', () => {
  const opened: RedisConnection[] = []
  const open = (port: number, options: Partial<OpenConnectionOptions> = {}) => {
    const connection = openConnection({
      settings: {
        topology: 'standalone',
        host: '127.0.0.1',
        port,
        sentinels: [],
        clusterNodes: [],
        authentication: 'none',
        keyPrefix: 'ai_cache:',
        connectTimeoutMs: 500,
      },
      events: new SecurityEvents(),
      purpose: 'test',
      timeoutMs: 100,
      bounds: 'gate',
      ...options,
    })
    opened.push(connection)
    return connection
  }
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((connection) => connection.close({ timeoutMs: 50 })))
  })

  for (const stray of STRAY) {
    it(`keeps the process alive and the commands bounded after ${JSON.stringify(stray)}`, async () => {
      const server = createServer((socket) => {
        socket.on('error', () => undefined)
        socket.once('data', () => {
          socket.write(GREETING)
          setImmediate(() => socket.write(stray))
        })
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const connection = open((server.address() as AddressInfo).port)
      await connection.ready()
      const outcome = await connection.client.get('ai_cache:x').then(
        () => 'answered',
        () => 'failed',
      )
      expect(outcome).to.be.oneOf(['answered', 'failed'])
      await connection.close({ timeoutMs: 50 })
      server.close()
    })
  }

  it('leaves the mistake of a listener to its owner, and the connection as it was', async () => {
    const redis = await startRedis({ transport: 'plain', access: 'none' })
    const connection = open(redis.port)
    await connection.client.subscribe('channel')
    connection.client.on('message', () => {
      throw new Error('the mistake of a listener')
    })
    const watching = process.rawListeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    const uncaught = once(process, 'uncaughtException')
    try {
      await redis.admin().publish('channel', 'x')
      const [error] = (await uncaught) as [Error]
      expect(error.message).to.equal('the mistake of a listener')
    } finally {
      for (const listener of watching) process.on('uncaughtException', listener as () => void)
    }
    await until('it still works', async () => (await connection.client.ping().catch(() => '')) !== '')
    expect(connection.facts().reconnects).to.equal(0)
    await redis.stop()
  })
})
