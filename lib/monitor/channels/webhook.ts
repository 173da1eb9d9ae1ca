import { request as requestPlain } from 'node:http'
import { Agent, request as requestTls } from 'node:https'
import { once } from 'node:events'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Secret } from '../../settings/secret.js'
import type { Alert } from '../alert.js'
import { ChannelFailure } from './channel.js'
import type { AlertChannel } from './channel.js'
import { checkLiteral, guardedLookup } from './guarded-lookup.js'
import type { AddressRule } from './guarded-lookup.js'
import { isPublicAddress } from './public-address.js'
import { signatureHeaders } from './webhook-signature.js'

const TIMEOUT_MS = 15_000
const GONE = 410

export interface WebhookOptions {
  readonly url: Secret
  /** `whsec_` and base64. */
  readonly secret: Secret
  readonly allowPrivate: boolean
  /** Unix milliseconds. */
  readonly now: () => number
  readonly timeoutMs?: number | undefined
  /** Authorities to trust beside the system's. */
  readonly ca?: string | undefined
}

/**
 * Sends alerts as Standard Webhooks. Redirects are not followed, nothing of an answer but its status is read,
 * and 410 ends it for as long as this process lives. Of the address only the host is ever told: chat services
 * carry their token in the path.
 */
export function webhookChannel(options: WebhookOptions): AlertChannel {
  const url = new URL(options.url.reveal())
  const target = url.host
  let isGone = false

  async function send(alert: Alert, signal: AbortSignal): Promise<void> {
    if (isGone) throw new ChannelFailure(`${target} wants no more alerts (410): it is off`, { final: true })
    const body = bodyOf(alert)
    const status = await post({ url, body, alert, signal, options })
    if (status >= 200 && status < 300) return
    isGone = status === GONE
    throw new ChannelFailure(`${target} answered ${String(status)}${MEANINGS[status] ?? meaningOf(status)}`, {
      final: isGone,
    })
  }

  return { name: 'webhook', target, send }
}

const MEANINGS: Readonly<Record<number, string>> = {
  [GONE]: ' (gone): no more alerts are sent there until the application starts anew',
}

function meaningOf(status: number): string {
  return status >= 300 && status < 400 ? ': redirects are not followed, write the final address' : ''
}

/** `<`, `>` and `&` are escaped: the body ends in pages and chats of others. */
function bodyOf(alert: Alert): string {
  return JSON.stringify({ type: 'security.alert', ...alert }).replaceAll(
    /[<>&]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

interface Post {
  readonly url: URL
  readonly body: string
  readonly alert: Alert
  readonly signal: AbortSignal
  readonly options: WebhookOptions
}

/** One attempt; resolves with the status. Whatever it fails with is a ChannelFailure that names the host. */
async function post({ url, body, alert, signal, options }: Post): Promise<number> {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS)
  try {
    const request = open(url, {
      isAllowed: ruleFor(url, options.allowPrivate),
      headers: {
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(body)),
        'user-agent': 'express-secure-cache',
        ...signatureHeaders(options.secret, { id: alert.id, body, now: options.now() }),
      },
      signal: AbortSignal.any([signal, timeout]),
      ca: options.ca,
    })
    request.end(body)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    // However long the answer is: nothing of it is read. What fails afterwards has no listener otherwise.
    request.on('error', () => undefined)
    response.on('error', () => undefined)
    response.destroy()
    return response.statusCode ?? 0
  } catch (error) {
    if (timeout.aborted) throw new ChannelFailure(`${url.host} did not answer in time`)
    throw failureOf(error, url.host)
  }
}

interface Opening {
  readonly isAllowed: AddressRule
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  readonly ca: string | undefined
}

function open(url: URL, { isAllowed, headers, signal, ca }: Opening): ClientRequest {
  checkLiteral(url.hostname, isAllowed)
  const common = { method: 'POST', headers, signal, lookup: guardedLookup(isAllowed) }
  // Agents of their own: a global one may lead through a proxy, or hand out a connection to elsewhere.
  if (url.protocol === 'http:') return requestPlain(url, { ...common, agent: false })
  // Said explicitly: NODE_TLS_REJECT_UNAUTHORIZED=0 would switch the check off silently.
  const agent = new Agent({
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
  })
  return requestTls(url, { ...common, agent })
}

/** Plain HTTP never leaves the private network, whatever its name resolves to. */
function ruleFor(url: URL, allowPrivate: boolean): AddressRule {
  return (address) => {
    const isPublic = isPublicAddress(address)
    return isPublic ? url.protocol === 'https:' : allowPrivate
  }
}

function failureOf(error: unknown, host: string): ChannelFailure {
  if (error instanceof ChannelFailure)
    return new ChannelFailure(`${host}: ${error.message}`, { final: error.final })
  // Of a foreign error only its code: its message may quote what the other side sent.
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  return new ChannelFailure(`${host} cannot be reached (${/^\w{1,60}$/.test(code) ? code : 'unknown'})`)
}
