import type { Secret } from '../../settings/secret.js'
import type { Alert } from '../alert.js'
import { ChannelFailure } from './channel.js'
import type { AlertChannel } from './channel.js'

const TIMEOUT_MS = 15_000
const SMTPS_PORT = 465
const SUBMISSION_PORT = 587

export interface EmailOptions {
  readonly to: string
  /** `smtps://user:password@host:port`, or `smtp://` with STARTTLS. */
  readonly server: Secret
  /** False in development alone: a mail server without TLS is accepted. */
  readonly requireTls: boolean
  readonly timeoutMs?: number | undefined
  /** Authorities to trust beside the system's. */
  readonly ca?: string | undefined
}

/** Mails alerts as plain text. nodemailer, an optional peer, loads with the first one. */
export function emailChannel(options: EmailOptions): AlertChannel {
  const url = new URL(options.server.reveal())
  return {
    name: 'email',
    target: url.host,
    async send(alert, signal) {
      const transport = await open(url, options)
      const cut = () => {
        transport.close()
      }
      signal.addEventListener('abort', cut)
      try {
        await within(
          transport.sendMail({ from: senderOf(url, options.to), to: options.to, ...textOf(alert) }),
          signal,
        )
      } catch (error) {
        throw failureOf(error, url.host)
      } finally {
        signal.removeEventListener('abort', cut)
        transport.close()
      }
    },
  }
}

async function open(url: URL, { requireTls, ca, timeoutMs = TIMEOUT_MS }: EmailOptions) {
  const loaded = await import('nodemailer').catch(() => undefined)
  if (loaded === undefined) {
    throw new ChannelFailure('mail needs nodemailer, which is not installed: npm install nodemailer', {
      final: true,
    })
  }
  const secure = url.protocol === 'smtps:'
  return loaded.createTransport({
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (secure ? SMTPS_PORT : SUBMISSION_PORT) : Number(url.port),
    secure,
    requireTLS: requireTls,
    ...(url.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }),
    // Said explicitly: NODE_TLS_REJECT_UNAUTHORIZED=0 would switch the check off silently.
    tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) },
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // A mail is text of our own: it refers to no file and to no address.
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
  })
}

/** Rejects when the signal fires; the mail may still arrive. */
function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const cut = () => {
      reject(new ChannelFailure('no answer yet'))
    }
    if (signal.aborted) cut()
    signal.addEventListener('abort', cut)
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', cut)
    })
  })
}

/** The account that sends, where it is an address; many servers accept no other. */
function senderOf(url: URL, to: string): { name: string; address: string } {
  const user = decodeURIComponent(url.username)
  return { name: 'express-secure-cache', address: /^[^\s@<>]+@[^\s@<>]+$/.test(user) ? user : to }
}

/** The subject holds nothing that came from outside; the text is plain, so that nothing in it is markup. */
function textOf(alert: Alert): { subject: string; text: string; messageId: string } {
  const lines = [
    alert.title,
    '',
    alert.message,
    '',
    `What to do: ${alert.remedy}`,
    '',
    `severity   ${alert.severity}`,
    `count      ${String(alert.count)}, since ${alert.since}`,
    `cache      ${alert.key_prefix}`,
    `kind       ${alert.kind}`,
    `told at    ${alert.timestamp}`,
  ]
  return {
    subject: `[${alert.severity}] ${alert.title} (${alert.key_prefix})`,
    text: `${lines.join('\n')}\n`,
    // The same on every attempt, so that a mail that arrived after all is not shown twice.
    messageId: `<${alert.id}@express-secure-cache.invalid>`,
  }
}

/** What went wrong by nodemailer's code: its messages quote the server, and may quote the account. */
const MEANINGS: Readonly<Record<string, string>> = {
  EAUTH: 'refused the login: compare user and password of SECURITY_SMTP_URL',
  ENOAUTH: 'asks for a login: SECURITY_SMTP_URL has none',
  ETLS: 'offers no TLS, or its certificate was refused: write smtps://, or look at the certificate',
  EENVELOPE: 'refused sender or recipient: look at SECURITY_ALERT_EMAIL',
  EMESSAGE: 'refused the message',
  EDNS: 'cannot be found: its name is not known',
  ETIMEDOUT: 'did not answer in time',
  ECONNECTION: 'cannot be reached',
  ESOCKET: 'cannot be reached, or its certificate was refused',
}

/** Where another attempt would only be refused again. */
const FINAL: ReadonlySet<string> = new Set(['EAUTH', 'ENOAUTH', 'EENVELOPE'])

function failureOf(error: unknown, host: string): ChannelFailure {
  if (error instanceof ChannelFailure)
    return new ChannelFailure(`${host}: ${error.message}`, { final: error.final })
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const status = error instanceof Error && 'responseCode' in error ? Number(error.responseCode) : Number.NaN
  const meaning = MEANINGS[code] ?? 'did not take the mail'
  // 4xx: try again later (RFC 5321, 4.2.1), as a greylisting server says it of the sender.
  const isFinal = FINAL.has(code) && !(status >= 400 && status < 500)
  return new ChannelFailure(`${host} ${meaning}${Number.isInteger(status) ? ` (${String(status)})` : ''}`, {
    final: isFinal,
  })
}
