import { createHash, timingSafeEqual } from 'node:crypto'
import { BlockList, isIP } from 'node:net'
import type { IncomingMessage } from 'node:http'
import type { Secret } from '../lib/settings/secret.js'

/** What a request may see, and why not. */
export type Access = 'authorised' | 'no_token' | 'wrong_token' | 'refused' | 'not_configured'

export interface AccessRules<R extends IncomingMessage> {
  /** `SECURITY_STATUS_TOKEN` of each cache. */
  readonly tokens: readonly Secret[]
  readonly authorize: ((req: R) => boolean | Promise<boolean>) | undefined
  /** NODE_ENV is development or test. */
  readonly local: boolean
}

/** docs/monitoring.md, "Who is authorised". A token or `authorize` once given, nothing else opens the door. */
export async function accessOf<R extends IncomingMessage>(req: R, rules: AccessRules<R>): Promise<Access> {
  const { tokens, authorize, local } = rules
  if (tokens.length === 0 && authorize === undefined) {
    return local && isLocal(req) ? 'authorised' : 'not_configured'
  }
  const given = bearerToken(req)
  if (given !== undefined && isOneOf(tokens, given)) return 'authorised'
  if (authorize !== undefined && (await asks(authorize, req))) return 'authorised'
  if (tokens.length === 0) return 'refused'
  return given === undefined ? 'no_token' : 'wrong_token'
}

/**
 * What the page is told before anybody typed a token: it never answers whether one is right. It is for anyone
 * and not limited, so it would be the place to try tokens.
 */
export async function accessWithoutToken<R extends IncomingMessage>(
  req: R,
  rules: AccessRules<R>,
): Promise<Access> {
  return bearerToken(req) === undefined ? accessOf(req, rules) : 'no_token'
}

/** RFC 6750, section 2.1: from the header alone. In an address it would end in logs and histories. */
function bearerToken(req: IncomingMessage): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(req.headers.authorization ?? '')?.[1]
}

/** Digests are compared, and all of them: neither length nor order of the tokens shows in time. */
function isOneOf(tokens: readonly Secret[], given: string): boolean {
  const digest = sha256(given)
  return tokens.map((token) => timingSafeEqual(sha256(token.reveal()), digest)).includes(true)
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** An `authorize` that fails lets nobody in, and its error goes nowhere. */
async function asks<R>(authorize: (req: R) => boolean | Promise<boolean>, req: R): Promise<boolean> {
  try {
    // Code without types may answer with an object that merely looks true.
    const answer: unknown = await authorize(req)
    return answer === true
  } catch {
    return false
  }
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** Any of these says that somebody stands between: then the loopback socket is the proxy's, not the user's. */
const FORWARDED = /^(?:forwarded|via|x-real-ip|x-forwarded-.*)$/

/** A name from outside that resolves to 127.0.0.1 must not open the door (DNS rebinding). */
const LOCAL_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i

/**
 * Never `req.ip` or `req.hostname`: behind `trust proxy` both are what the sender claims. HTTP/1.0 is what
 * nginx speaks to the server behind it where its configuration says nothing else, without any of the headers
 * above and with a Host of 127.0.0.1; browsers and curl speak 1.1.
 */
function isLocal(req: IncomingMessage): boolean {
  return (
    isLoopback(req.socket.remoteAddress ?? '') &&
    req.httpVersion !== '1.0' &&
    !Object.keys(req.headers).some((name) => FORWARDED.test(name)) &&
    LOCAL_HOST.test(req.headers.host ?? '')
  )
}

/** A unix socket has no address: what stands behind it is a proxy. */
function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  const family = isIP(plain)
  return family !== 0 && LOOPBACK.check(plain, family === 4 ? 'ipv4' : 'ipv6')
}
