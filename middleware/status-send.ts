import type { ServerResponse } from 'node:http'
import helmet from 'helmet'

/** What one request is answered. */
export interface Answer {
  readonly status: number
  /** An object is sent as JSON, text as it is. */
  readonly body: object | string
  readonly type?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/**
 * No inline script or style, nothing from elsewhere, in no frame. Without HSTS and
 * upgrade-insecure-requests: they speak for the whole host, and that is the application's.
 */
export const protectHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  frameguard: { action: 'deny' },
  strictTransportSecurity: false,
})

/** An application-wide cors() must not open the status to other origins. */
const CROSS_ORIGIN_HEADERS = [
  'Access-Control-Allow-Origin',
  'Access-Control-Allow-Credentials',
  'Access-Control-Allow-Headers',
  'Access-Control-Allow-Methods',
  'Access-Control-Expose-Headers',
]

/**
 * Node's own writing, not `res.json`: the application's settings (entity tags, spaces, escaping) must not
 * change what is sent here.
 */
export function send(res: ServerResponse, { status, body, type, headers = {} }: Answer): void {
  const text = Buffer.from(typeof body === 'string' ? body : inertJson(body))
  res.statusCode = status
  openForWriting(res, {
    'Content-Type': type ?? 'application/json; charset=utf-8',
    'Content-Length': String(text.length),
    'Cache-Control': 'no-store',
    ...headers,
  })
  res.end(text)
}

/** Sets the headers; the body is the caller's. */
export function openForWriting(res: ServerResponse, headers: Readonly<Record<string, string>>): void {
  for (const name of CROSS_ORIGIN_HEADERS) res.removeHeader(name)
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
}

const ACTING = /[<>&\u2028\u2029]/g

/** JSON that stays text even where someone pastes it into a page: it holds what attackers wrote. */
export function inertJson(body: object): string {
  const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(body).replace(ACTING, escape)
}
