import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import express from 'express'
import { afterEach, beforeEach, describe, it } from 'mocha'

import type { CacheInternals } from '../../lib/create.js'
import { inspectCache } from '../../lib/create.js'
import { createSecureCache } from '../../lib/index.js'
import type { SecureCache } from '../../lib/index.js'
import { securityStatus } from '../../middleware/index.js'
import { StatusStreams } from '../../middleware/status-stream.js'
import { until } from '../support/until.js'

const TOKEN = 'right-token-0123456789-0123456789-0123'

/** A connection to the stream: what has arrived so far. */
interface Reader {
  readonly res: IncomingMessage
  text: string
  ended: boolean
}

describe('the live stream of the status', () => {
  let cache: SecureCache
  let internals: CacheInternals
  let server: Server
  let port: number
  const ending: (() => Promise<unknown>)[] = []

  beforeEach(async () => {
    cache = createSecureCache({
      env: {
        CACHE_BACKEND: 'memory',
        CACHE_UNSAFE_MEMORY: 'true',
        REDIS_ENCRYPTION_KEY: randomBytes(32).toString('hex'),
        SECURITY_STATUS_TOKEN: TOKEN,
      },
      logger: false,
    })
    internals = inspectCache(cache)
    const app = express()
    app.use('/security', securityStatus({ cache }))
    server = createServer(app).listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
    ending.push(async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    })
  })
  afterEach(async () => {
    for (const end of ending.splice(0)) await end()
    await cache.close()
  })

  async function open(method = 'GET', token = TOKEN): Promise<Reader> {
    const asked = httpRequest({
      host: '127.0.0.1',
      port,
      method,
      path: '/security/stream',
      headers: { Authorization: `Bearer ${token}` },
    })
    asked.on('error', () => undefined)
    asked.end()
    const [res] = (await once(asked, 'response')) as [IncomingMessage]
    return { res, text: '', ended: false }
  }

  async function read(): Promise<Reader> {
    const reader = await open()
    reader.res.setEncoding('utf8')
    reader.res.on('data', (text: string) => {
      reader.text += text
    })
    reader.res.on('error', () => undefined)
    reader.res.on('close', () => {
      reader.ended = true
    })
    return reader
  }

  /** The bodies of one type of message. */
  function messages(reader: Reader, type: string): Record<string, unknown>[] {
    return reader.text
      .split('\n\n')
      .slice(0, -1)
      .filter((message) => message.startsWith(`event: ${type}\n`))
      .map((message) => JSON.parse(message.slice(message.indexOf('data: ') + 6)) as Record<string, unknown>)
  }

  it('is for those who may see the status', async () => {
    const { res } = await open('GET', 'wrong')
    expect(res.statusCode).to.equal(401)
    res.destroy()
  })

  it('sends the status at once and after each look', async () => {
    const reader = await read()
    expect(reader.res.headers).to.include({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
    })
    await until('a first status', () => messages(reader, 'status').length > 0)
    const before = messages(reader, 'status').length
    await internals.watch.look()
    await until('another status', () => messages(reader, 'status').length > before)
    expect(messages(reader, 'status').at(-1)).to.include({ backend: 'memory', encryption_enabled: true })
    reader.res.destroy()
  })

  it('sends events as they happen, in their order', async () => {
    const reader = await read()
    for (const seconds of [1, 2, 3]) internals.events.emit('clock.skew', { seconds })
    await until('the events', () => messages(reader, 'events').length > 0)
    const [{ events, lost } = {}] = messages(reader, 'events')
    expect((events as { seconds: number }[]).map(({ seconds }) => seconds)).to.deep.equal([1, 2, 3])
    expect(lost).to.equal(0)
    reader.res.destroy()
  })

  it('begins with what happened before, so that nothing falls between a poll and the stream', async () => {
    for (const seconds of [1, 2]) internals.events.emit('clock.skew', { seconds })
    const reader = await read()
    internals.events.emit('clock.skew', { seconds: 3 })
    await until('a status', () => messages(reader, 'status').length > 0)
    const [{ events } = {}] = messages(reader, 'history')
    const known = (events as { seconds?: number }[]).flatMap(({ seconds }) => seconds ?? [])
    expect(known.slice(-2)).to.deep.equal([2, 1])
    await until('the third, once', () => messages(reader, 'events').length > 0 || known.includes(3))
    const after = messages(reader, 'events').flatMap((message) => message['events'] as { seconds: number }[])
    expect(
      [...known, ...after.map(({ seconds }) => seconds)].toSorted((one, other) => one - other),
    ).to.deep.equal([1, 2, 3])
    reader.res.destroy()
  })

  it('makes a storm of events a number', async () => {
    const reader = await read()
    for (let seconds = 0; seconds < 10_000; seconds += 1) internals.events.emit('clock.skew', { seconds })
    await until('the events', () => messages(reader, 'events').length > 0)
    const [{ events, lost } = {}] = messages(reader, 'events')
    expect(events).to.have.length(100)
    expect(lost).to.equal(9_900)
    reader.res.destroy()
  })

  it('lets a reader go that does not read', async () => {
    const { res } = await open()
    res.pause()
    res.on('error', () => undefined)
    await until('the reader was let go', async () => {
      const message = 'x'.repeat(100_000)
      for (let count = 0; count < 100; count += 1) {
        internals.events.emit('redis.unavailable', { errorCode: 'ERR_REDIS_REFUSED', message })
      }
      return (await promisify(server.getConnections.bind(server))()) === 0
    })
    res.destroy()
  })

  it('ends when the cache closes', async () => {
    const reader = await read()
    await cache.close()
    await until('the end', () => reader.ended)
    expect(reader.res.complete).to.equal(true)
  })

  it('ends after its time, so that its reader is asked again who it is', async () => {
    const streams = new StatusStreams({ longestMs: 20 })
    const short = createServer((_req, res) => streams.open(res, [internals])).listen(0, '127.0.0.1')
    await once(short, 'listening')
    ending.push(async () => {
      short.close()
      await once(short, 'close')
    })
    const asked = httpRequest({ host: '127.0.0.1', port: (short.address() as AddressInfo).port }).end()
    const [res] = (await once(asked, 'response')) as [IncomingMessage]
    res.resume()
    await once(res, 'end')
    expect(res.complete).to.equal(true)
    internals.events.emit('clock.skew', { seconds: 1 })
  })

  it('has room for 32 readers, and for the next when one leaves', async () => {
    const readers = await Promise.all(Array.from({ length: 32 }, () => read()))
    const refused = await open()
    expect(refused.res.statusCode).to.equal(503)
    expect(refused.res.headers['retry-after']).to.equal('30')
    refused.res.resume()
    readers[0]?.res.destroy()
    await until('there is room again', async () => {
      const { res } = await open()
      res.destroy()
      return res.statusCode === 200
    })
    for (const { res } of readers) res.destroy()
  })

  it('answers HEAD without holding the connection', async () => {
    const { res } = await open('HEAD')
    expect(res.statusCode).to.equal(200)
    res.resume()
    await once(res, 'end')
  })
})
