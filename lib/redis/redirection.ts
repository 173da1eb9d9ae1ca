import { RedisError } from '../errors.js'

/** `MOVED 3999 127.0.0.1:6381`; an IPv6 address has no brackets, the host may be missing. */
const REDIRECTION = /^(MOVED|ASK) (\d{1,5}) (\S{0,260}):(\d{1,5})$/

/**
 * Another node serves this slot: for good (MOVED) or, while it is on its way, for this command (ASK). It was
 * not carried out, so that sending it there repeats nothing. An error like others for whoever does not follow.
 */
export class Redirection extends RedisError {
  readonly kind: 'moved' | 'ask'
  readonly slot: number
  readonly host: string
  readonly port: string

  constructor(
    parts: Pick<Redirection, 'kind' | 'slot' | 'host' | 'port'>,
    message: string,
    operation: string,
  ) {
    super('ERR_REDIS_REPLY', message, operation)
    this.name = 'RedisError'
    this.kind = parts.kind
    this.slot = parts.slot
    this.host = parts.host
    this.port = parts.port
  }
}

/** Reads the text of an error reply. */
export function readRedirection(
  text: string,
): Pick<Redirection, 'kind' | 'slot' | 'host' | 'port'> | undefined {
  const [, word, slot, host, port] = REDIRECTION.exec(text) ?? []
  if (word === undefined || slot === undefined || host === undefined || port === undefined) return undefined
  return { kind: word === 'MOVED' ? 'moved' : 'ask', slot: Number(slot), host, port }
}
