import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, it } from 'mocha'
import { Webhook } from 'standardwebhooks'

import { makeAlert, testAlert } from '../../../../lib/monitor/alert.js'
import { attempt } from '../../../../lib/monitor/alert-delivery.js'
import type { ChannelFailure } from '../../../../lib/monitor/channels/channel.js'
import { webhookChannel } from '../../../../lib/monitor/channels/webhook.js'
import type { WebhookOptions } from '../../../../lib/monitor/channels/webhook.js'
import { Secret } from '../../../../lib/settings/secret.js'
import { sharedCertificates } from '../../../support/test-certificates.js'

const SECRET = `whsec_${randomBytes(32).toString('base64')}`
const ALERT = testAlert('ai_cache:', Date.now())

interface Received {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

describe('the webhook channel', () => {
  const servers: Server[] = []
  const received: Received[] = []

  afterEach(() => {
    received.length = 0
    for (const server of servers.splice(0)) {
      server.closeAllConnections()
      server.close()
    }
  })

  async function listen(server: Server): Promise<number> {
    servers.push(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }

  /** Takes what is posted and answers as told. */
  async function endpoint(answer: RequestListener): Promise<number> {
    return listen(
      createServer((req, res) => {
        let body = ''
        req.on('data', (chunk: Buffer) => {
          body += chunk.toString()
        })
        req.on('end', () => {
          received.push({ headers: req.headers, body })
          answer(req, res)
        })
      }),
    )
  }

  const channelTo = (url: string, options: Partial<WebhookOptions> = {}) =>
    webhookChannel({
      url: new Secret(url),
      secret: new Secret(SECRET),
      allowPrivate: true,
      now: Date.now,
      ...options,
    })

  const signal = () => new AbortController().signal

  async function failure(channel: ReturnType<typeof channelTo>): Promise<ChannelFailure> {
    try {
      await channel.send(ALERT, signal())
    } catch (error) {
      return error as ChannelFailure
    }
    throw new Error('expected a failure')
  }

  it('posts the alert as JSON, signed so that the public library verifies it', async () => {
    const port = await endpoint((_req, res) => res.writeHead(204).end())
    await channelTo(`http://127.0.0.1:${port}/hook`).send(ALERT, signal())
    const [first] = received
    const verified = new Webhook(SECRET).verify(first?.body ?? '', first?.headers as Record<string, string>)
    expect(verified).to.deep.equal({ type: 'security.alert', ...ALERT })
    expect(first?.headers['webhook-id']).to.equal(ALERT.id)
    expect(first?.headers['content-type']).to.equal('application/json')
    const forged = () =>
      new Webhook(SECRET).verify(`${first?.body ?? ''} `, first?.headers as Record<string, string>)
    expect(forged).to.throw()
  })

  it('keeps the id on another attempt, and signs anew with its time', async () => {
    let answers = 0
    const port = await endpoint((_req, res) => {
      answers += 1
      res.writeHead(answers < 3 ? 503 : 200).end()
    })
    let seconds = 0
    const start = Date.now()
    const now = () => start + 1000 * (seconds += 1)
    await attempt({
      channel: channelTo(`http://127.0.0.1:${port}/`, { now }),
      alert: ALERT,
      signal: signal(),
      backoffMs: [1, 1],
    })
    expect(received.map(({ headers }) => headers['webhook-id'])).to.deep.equal([ALERT.id, ALERT.id, ALERT.id])
    expect(new Set(received.map(({ headers }) => headers['webhook-timestamp'])).size).to.equal(3)
    for (const { body, headers } of received) {
      expect(() => new Webhook(SECRET).verify(body, headers as Record<string, string>)).not.to.throw()
    }
  })

  it('gives up after three attempts', async () => {
    const port = await endpoint((_req, res) => res.writeHead(500).end('x'.repeat(1000)))
    const channel = channelTo(`http://127.0.0.1:${port}/`)
    let message = ''
    await attempt({ channel, alert: ALERT, signal: signal(), backoffMs: [1, 1] }).catch((error: unknown) => {
      message = (error as Error).message
    })
    expect(message).to.equal(`127.0.0.1:${port} answered 500`)
    expect(received).to.have.length(3)
  })

  it('follows no redirect', async () => {
    const elsewhere = await endpoint((_req, res) => res.writeHead(200).end())
    const port = await endpoint((_req, res) =>
      res.writeHead(307, { location: `http://127.0.0.1:${elsewhere}/` }).end(),
    )
    expect((await failure(channelTo(`http://127.0.0.1:${port}/`))).message).to.include('answered 307')
    expect(received).to.have.length(1)
  })

  it('sends nothing more to an endpoint that is gone', async () => {
    const port = await endpoint((_req, res) => res.writeHead(410).end())
    const channel = channelTo(`http://127.0.0.1:${port}/`)
    const first = await failure(channel)
    expect(first.final).to.equal(true)
    expect((await failure(channel)).message).to.include('it is off')
    expect(received).to.have.length(1)
  })

  it('waits for a slow endpoint within its bound, and ends at once when it is cut short', async () => {
    const port = await endpoint(() => undefined)
    const slow = await failure(channelTo(`http://127.0.0.1:${port}/`, { timeoutMs: 50 }))
    expect(slow.message).to.equal(`127.0.0.1:${port} did not answer in time`)
    expect(slow.final).to.equal(false)
    const abort = new AbortController()
    const sending = channelTo(`http://127.0.0.1:${port}/`).send(ALERT, abort.signal)
    abort.abort()
    expect(await sending.catch((error: unknown) => (error as Error).name)).to.equal('ChannelFailure')
  })

  it('is not held up by an answer without end', async () => {
    const port = await endpoint((_req, res) => {
      res.writeHead(200)
      const flood = setInterval(() => res.write('x'.repeat(65_536)), 1)
      res.on('close', () => {
        clearInterval(flood)
      })
    })
    await channelTo(`http://127.0.0.1:${port}/`).send(ALERT, signal())
    expect(received).to.have.length(1)
  })

  for (const host of [
    '127.0.0.1',
    'localhost',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '0.0.0.0',
    '2130706433',
    '0x7f.1',
  ]) {
    it(`reaches no private target unless it may: ${host}`, async () => {
      const port = await endpoint((_req, res) => res.writeHead(200).end())
      const refused = await failure(channelTo(`https://${host}:${port}/`, { allowPrivate: false }))
      expect(refused.message).to.include('SECURITY_ALERT_WEBHOOK_ALLOW_PRIVATE')
      expect(refused.final).to.equal(true)
      expect(received).to.have.length(0)
    })
  }

  it('sends nothing without TLS to the internet', async () => {
    const refused = await failure(channelTo('http://192.0.32.10/hook', { timeoutMs: 1000 }))
    expect(refused.message).to.include('plain http:// leads to private ones alone')
  })

  it('asks for a certificate that holds, whatever the environment switches off', async () => {
    const { authority, server } = await sharedCertificates()
    const tls = createTlsServer({ cert: server.certPem, key: server.keyPem }, (req, res) => {
      received.push({ headers: req.headers, body: '' })
      req.resume().on('end', () => res.writeHead(204).end())
    })
    const port = await listen(tls)
    const unknown = await failure(channelTo(`https://localhost:${port}/`))
    expect(unknown.message).to.match(/^localhost:\d+ cannot be reached \((SELF_SIGNED|UNABLE_TO)/)
    expect(received).to.have.length(0)
    await channelTo(`https://localhost:${port}/`, { ca: authority.certPem }).send(ALERT, signal())
    expect(received).to.have.length(1)
  })

  it('names the host alone, and never what is secret in the address', async () => {
    const port = await endpoint((_req, res) => res.writeHead(403).end('planted-answer'))
    await new Promise<void>((resolve) => {
      servers[0]?.close(() => {
        resolve()
      })
    })
    const channel = channelTo(`http://planted-user:planted-pass@127.0.0.1:${port}/planted-token?planted=1`)
    const { message, stack, cause } = await failure(channel)
    expect(`${message} ${String(stack)} ${String(cause)} ${channel.target}`).not.to.include('planted')
    expect(message).to.equal(`127.0.0.1:${port} cannot be reached (ECONNREFUSED)`)
  })

  it('carries what was typed at the server without markup', async () => {
    const port = await endpoint((_req, res) => res.writeHead(204).end())
    const alert = makeAlert({
      ...ALERT,
      since: 0,
      now: 0,
      keyPrefix: 'ai_cache:',
      message: 'as "<img src=x onerror=alert(1)>\u001b[2J\r\n&\u2028"',
    })
    await channelTo(`http://127.0.0.1:${port}/`).send(alert, signal())
    const body = received[0]?.body ?? ''
    expect(body).not.to.match(/[<>&\p{C}]/u)
    expect(JSON.parse(body)).to.deep.include({ message: alert.message })
  })
})
