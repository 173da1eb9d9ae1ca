import { expect } from 'chai'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { simpleParser } from 'mailparser'
import type { ParsedMail } from 'mailparser'
import { afterEach, describe, it } from 'mocha'
import { SMTPServer } from 'smtp-server'
import type { SMTPServerOptions } from 'smtp-server'

import { makeAlert, testAlert } from '../../../../lib/monitor/alert.js'
import type { ChannelFailure } from '../../../../lib/monitor/channels/channel.js'
import { emailChannel } from '../../../../lib/monitor/channels/email.js'
import type { EmailOptions } from '../../../../lib/monitor/channels/email.js'
import { Secret } from '../../../../lib/settings/secret.js'
import { sharedCertificates } from '../../../support/test-certificates.js'

const ALERT = testAlert('ai_cache:', Date.now())
const USER = 'alerts@example.com'
const PASSWORD = 'planted-smtp-password'

describe('the email channel', () => {
  const servers: SMTPServer[] = []
  const sockets: Server[] = []
  const raw: Buffer[] = []
  const recipients: string[] = []

  afterEach(async () => {
    raw.length = 0
    recipients.length = 0
    for (const server of servers.splice(0)) await new Promise<void>((done) => server.close(done))
    for (const server of sockets.splice(0)) server.close()
  })

  async function onlyMail(): Promise<ParsedMail> {
    expect(raw).to.have.length(1)
    return simpleParser(raw[0] ?? Buffer.alloc(0))
  }

  async function mailServer(options: SMTPServerOptions = {}): Promise<number> {
    const { server } = await sharedCertificates()
    const smtp = new SMTPServer({
      key: server.keyPem,
      cert: server.certPem,
      logger: false,
      authOptional: false,
      onAuth({ username, password }, _session, done) {
        if (username === USER && password === PASSWORD) done(null, { user: username })
        else done(new Error('planted-answer of the server'))
      },
      onRcptTo({ address }, _session, done) {
        recipients.push(address)
        done()
      },
      onData(stream, _session, done) {
        const chunks: Buffer[] = []
        stream.on('data', (chunk: Buffer) => chunks.push(chunk))
        stream.on('end', () => {
          raw.push(Buffer.concat(chunks))
          done()
        })
      },
      ...options,
    })
    smtp.on('error', () => undefined)
    servers.push(smtp)
    const listening = smtp.listen(0, '127.0.0.1')
    await once(listening, 'listening')
    return (listening.address() as AddressInfo).port
  }

  async function channelTo(server: string, options: Partial<EmailOptions> = {}) {
    const { authority } = await sharedCertificates()
    return emailChannel({
      to: 'ops@example.com',
      server: new Secret(server),
      requireTls: true,
      ca: authority.certPem,
      timeoutMs: 3000,
      ...options,
    })
  }

  const login = `${encodeURIComponent(USER)}:${PASSWORD}`
  const signal = () => new AbortController().signal

  async function failure(channel: Awaited<ReturnType<typeof channelTo>>): Promise<ChannelFailure> {
    try {
      await channel.send(ALERT, signal())
    } catch (error) {
      return error as ChannelFailure
    }
    throw new Error('expected a failure')
  }

  it('mails the alert after STARTTLS and a login, as plain text with what to do', async () => {
    const port = await mailServer()
    await (await channelTo(`smtp://${login}@127.0.0.1:${port}`)).send(ALERT, signal())
    const mail = await onlyMail()
    expect(recipients).to.deep.equal(['ops@example.com'])
    expect(mail.from?.value[0]?.address).to.equal(USER)
    expect(mail.subject).to.equal('[info] Test of the alert channels (ai_cache:)')
    expect(mail.text).to.include(ALERT.message).and.to.include(`What to do: ${ALERT.remedy}`)
    expect(mail.html).to.equal(false)
    expect(mail.messageId).to.include(ALERT.id)
  })

  it('mails over TLS from the first byte on', async () => {
    const port = await mailServer({ secure: true })
    await (await channelTo(`smtps://${login}@localhost:${port}`)).send(ALERT, signal())
    expect(raw).to.have.length(1)
  })

  it('sends neither password nor mail to a server that offers no TLS', async () => {
    const port = await mailServer({ disabledCommands: ['STARTTLS'], allowInsecureAuth: true })
    expect((await failure(await channelTo(`smtp://${login}@127.0.0.1:${port}`))).message).to.include('TLS')
    expect(raw).to.have.length(0)
  })

  it('sends nothing to a server whose certificate does not hold', async () => {
    const port = await mailServer({ secure: true })
    const { message } = await failure(
      await channelTo(`smtps://${login}@localhost:${port}`, { ca: undefined }),
    )
    expect(message).to.include('certificate')
    expect(raw).to.have.length(0)
  })

  it('says in words of its own that a login was refused, and that another attempt is in vain', async () => {
    const port = await mailServer()
    const refused = await failure(await channelTo(`smtp://nobody:${PASSWORD}@127.0.0.1:${port}`))
    expect(refused.message).to.include('refused the login: compare user and password of SECURITY_SMTP_URL')
    expect(refused.final).to.equal(true)
    expect(`${refused.message} ${String(refused.stack)} ${String(refused.cause)}`).not.to.include('planted')
  })

  it('may be tried again where the server says later', async () => {
    const port = await mailServer({
      onRcptTo(_address, _session, done) {
        done(Object.assign(new Error('greylisted'), { responseCode: 451 }))
      },
    })
    const later = await failure(await channelTo(`smtp://${login}@127.0.0.1:${port}`))
    expect(later.message).to.include('(451)')
    expect(later.final).to.equal(false)
  })

  it('waits for a silent server within its bound, and ends at once when it is cut short', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined))
    sockets.push(silent)
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const slow = await failure(await channelTo(`smtp://127.0.0.1:${port}`, { timeoutMs: 100 }))
    expect(slow.message).to.equal(`127.0.0.1:${port} did not answer in time`)
    const abort = new AbortController()
    const sending = (await channelTo(`smtp://127.0.0.1:${port}`)).send(ALERT, abort.signal)
    abort.abort()
    expect(await sending.catch((error: unknown) => (error as Error).name)).to.equal('ChannelFailure')
  })

  it('lets nothing that was typed at the server become a header, a recipient or markup', async () => {
    const port = await mailServer()
    const message =
      'as "x\r\nBcc: planted@example.com\r\n\r\n<script>alert(1)</script>\u001b[2J\u0000" from ::1'
    const alert = makeAlert({ ...ALERT, since: 0, now: 0, keyPrefix: 'ai_cache:', message })
    await (await channelTo(`smtp://${login}@127.0.0.1:${port}`)).send(alert, signal())
    const mail = await onlyMail()
    expect(recipients).to.deep.equal(['ops@example.com'])
    expect([...mail.headers.keys()]).to.not.include('bcc')
    expect(mail.subject).to.equal('[info] Test of the alert channels (ai_cache:)')
    expect(mail.text)
      .to.include('\\u{d}\\u{a}Bcc')
      .and.to.not.match(/(?!\n)\p{Cc}/u)
  })
})
