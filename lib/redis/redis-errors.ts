import { CacheError, RedisError } from '../errors.js'
import type { ErrorContext, Mapping, Seen } from './error-mapping.js'
import { readRedirection, Redirection } from './redirection.js'
import { DAMAGED, REPLIES, TEXTS } from './reply-errors.js'
import { SYSTEM } from './socket-errors.js'
import { PLAINTEXT_PORT, TLS_ERRORS } from './tls-errors.js'

/**
 * Turns anything that ioredis, TLS or a socket threw into one of our errors: a code, what happened and the
 * remedy. Nothing of the original is kept, for its `command.args` hold passwords and values and its text
 * may hold what an attacker wrote. An error of ours passes unchanged.
 */
export function fromRedis(error: unknown, operation: string, context: ErrorContext = {}): CacheError {
  if (error instanceof CacheError) return error
  const seen = look(error, operation.toUpperCase(), context)
  const mapping = find(seen)
  const message = typeof mapping.message === 'string' ? mapping.message : mapping.message(seen)
  const redirection = readRedirection(seen.text)
  if (redirection !== undefined) return new Redirection(redirection, message, seen.operation)
  return new RedisError(mapping.code, message, seen.operation)
}

/** The error for a port that was seen to speak plaintext. */
export function plaintextPort(): CacheError {
  return new RedisError(PLAINTEXT_PORT.code, String(PLAINTEXT_PORT.message), 'CONNECT')
}

function look(error: unknown, operation: string, context: ErrorContext): Seen {
  const text = error instanceof Error ? error.message : ''
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return { operation, context, text, code, word: /^[A-Z]+(?= |$)/.exec(text)?.[0] ?? '' }
}

function find(seen: Seen): Mapping {
  const refused = refusedWithoutCertificate(seen)
  if (refused !== undefined) return refused
  if (seen.context.connecting === false && isTlsCode(seen.code)) return DAMAGED
  return (
    own(REPLIES, seen.word) ??
    TEXTS.find(({ pattern }) => pattern.test(seen.text)) ??
    own(SYSTEM, seen.code) ??
    own(TLS_ERRORS, seen.code) ??
    otherTls(seen.code) ??
    otherReply(seen)
  )
}

function own(table: Readonly<Record<string, Mapping>>, name: string): Mapping | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

/**
 * Under TLS 1.3 the client sees `secureConnect` before the server has looked at its certificate; the
 * refusal arrives as a reset of the first round trip.
 */
function refusedWithoutCertificate({ code, context }: Seen): Mapping | undefined {
  const cut = code === 'ECONNRESET' || code === 'EPIPE'
  if (!cut || context.tls !== true || context.connecting !== true || context.clientCertificate !== false)
    return undefined
  return own(TLS_ERRORS, 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED')
}

/** Codes of OpenSSL and of Node's tls; they are many, and only some have a remedy of their own. */
function isTlsCode(code: string): boolean {
  return /^(?:ERR_SSL_|ERR_TLS_|ERR_OSSL_|CERT_|UNABLE_TO_|CRL_|EPROTO$)/.test(code)
}

function otherTls(code: string): Mapping | undefined {
  if (!isTlsCode(code)) return undefined
  return {
    code: 'ERR_TLS_OTHER',
    message: `the TLS handshake failed (${code.slice(0, 60)}): check REDIS_TLS_CA, REDIS_TLS_CERT and REDIS_TLS_KEY`,
  }
}

/** The first word stays in the message: callers of a plain client look for NOSCRIPT, MOVED or BUSYGROUP there. */
function otherReply({ word, operation }: Seen): Mapping {
  const reply = word === '' ? 'an error' : word.slice(0, 40)
  const prefix = word === '' || word === 'ERR' ? '' : `${word.slice(0, 40)} `
  return {
    code: 'ERR_REDIS_REPLY',
    message: `${prefix}Redis answered ${operation} with ${reply}: its log, or redis-cli with the same command, says more`,
  }
}
