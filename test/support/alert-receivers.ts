import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { Webhook } from 'standardwebhooks'

/** Where alerts arrive: a real mail server and a real webhook endpoint. Whoever opens them closes them. */
export interface AlertReceivers {
  /** What makes a cache send its alerts here. */
  readonly env: Readonly<Record<string, string>>
  /** As they came. */
  readonly mails: readonly Buffer[]
  /** Bodies as they came, each with a signature that the public library verified. */
  readonly bodies: readonly string[]
  close(): Promise<void>
}

export async function openAlertReceivers(): Promise<AlertReceivers> {
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  const mails: Buffer[] = []
  const bodies: string[] = []
  const smtp = new SMTPServer({
    logger: false,
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, _session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        mails.push(Buffer.concat(chunks))
        done()
      })
    },
  })
  smtp.on('error', () => undefined)
  const mailing = smtp.listen(0, '127.0.0.1')
  const http = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      if (isSigned(secret, body, req.headers)) bodies.push(body)
      res.writeHead(204).end()
    })
  }).listen(0, '127.0.0.1')
  await Promise.all([once(mailing, 'listening'), once(http, 'listening')])
  return {
    env: {
      NODE_ENV: 'test',
      SECURITY_ALERT_EMAIL: 'ops@example.com',
      SECURITY_SMTP_URL: `smtp://127.0.0.1:${String((mailing.address() as AddressInfo).port)}`,
      SECURITY_ALERT_WEBHOOK: `http://127.0.0.1:${String((http.address() as AddressInfo).port)}/hook`,
      SECURITY_ALERT_WEBHOOK_SECRET: secret,
      SECURITY_ALERT_WEBHOOK_ALLOW_PRIVATE: 'true',
    },
    mails,
    bodies,
    async close() {
      await new Promise<void>((done) => smtp.close(done))
      http.closeAllConnections()
      http.close()
    },
  }
}

function isSigned(secret: string, body: string, headers: IncomingHttpHeaders): boolean {
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>)
    return true
  } catch {
    return false
  }
}
