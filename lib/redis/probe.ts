import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { CacheError } from '../errors.js'
import type { RedisSettings } from '../settings/settings.js'
import { fromRedis } from './redis-errors.js'
import { tlsOptions } from './tls-options.js'

const PROBE_TIMEOUT_MS = 1000
const PING = '*1\r\n$4\r\nPING\r\n'
/** A line of an answer is short; what sends more is no Redis. */
const MAX_ANSWER_BYTES = 4096

/** What a connection without login met. */
export interface AnonymousProbe {
  /**
   * `refused`: NOAUTH, as it should be. `open`: PING was served without login, or refused for another
   * reason. `unknown`: no answer to judge by.
   */
  readonly outcome: 'refused' | 'open' | 'unknown'
  /** Why there was no answer. */
  readonly error: CacheError | undefined
}

/**
 * Connects like the application, with its certificate, but without a login, and asks PING. Only this proves
 * that the server asks for one: with a password ioredis connects silently to a server that needs none.
 */
export async function probeAnonymous(settings: RedisSettings): Promise<AnonymousProbe> {
  const { host, port, tls, connectTimeoutMs } = settings
  try {
    const answer = await ask(
      () => (tls === undefined ? connect(port, host) : connectTls({ host, port, ...tlsOptions(tls) })),
      connectTimeoutMs,
    )
    return { outcome: judge(answer), error: undefined }
  } catch (error) {
    return {
      outcome: 'unknown',
      error: fromRedis(error, 'PING', {
        endpoint: `${host}:${port}`,
        tls: tls !== undefined,
        clientCertificate: tls?.cert !== undefined,
        connecting: true,
      }),
    }
  }
}

/** Whether a port answers Redis in plaintext: yes, no (it refuses or speaks something else), or silence. */
export async function probePlaintext(
  host: string,
  port: number,
  timeoutMs = PROBE_TIMEOUT_MS,
): Promise<'plaintext' | 'other' | 'silent'> {
  try {
    const answer = await ask(() => connect(port, host), timeoutMs)
    return /^[+-]/.test(answer) ? 'plaintext' : 'other'
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ETIMEDOUT' ? 'silent' : 'other'
  }
}

/**
 * The server asks for the login before it looks at anything else, so that every other answer to PING
 * (NOPERM, MISCONF, LOADING) was given to somebody who counts as logged in. DENIED (protected mode) and
 * "max number of clients" come before that.
 */
function judge(answer: string): AnonymousProbe['outcome'] {
  if (answer.startsWith('-NOAUTH')) return 'refused'
  if (answer.startsWith('+PONG')) return 'open'
  return /^-(?!DENIED|ERR )[A-Z]+ /.test(answer) ? 'open' : 'unknown'
}

/** Sends PING over a socket of its own and gives back the first line of the answer. */
function ask(open: () => Socket, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = open()
    let answer = ''
    const settle = (settlement: () => void) => {
      clearTimeout(timer)
      socket.destroy()
      settlement()
    }
    const fail = (code: string) => {
      settle(() => reject(Object.assign(new Error('no answer'), { code })))
    }
    const timer = setTimeout(() => fail('ETIMEDOUT'), timeoutMs)
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
      if (answer.includes('\n') || answer.length > MAX_ANSWER_BYTES) settle(() => resolve(answer))
    })
    socket.on('error', (error) => settle(() => reject(error)))
    socket.on('close', () => fail('ECONNRESET'))
    socket.write(PING)
  })
}
