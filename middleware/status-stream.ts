import type { ServerResponse } from 'node:http'
import type { SecurityEvent } from '../lib/events.js'
import { newestEvents, statusBody } from './status-answers.js'
import { inertJson, openForWriting } from './status-send.js'
import type { Answer } from './status-send.js'
import type { StatusSource } from './status-source.js'

const EVENT_STREAM = 'text/event-stream; charset=utf-8'
const MOST_READERS = 32
const FLUSH_MS = 250
const MOST_EVENTS = 100
/** As many as a reader is told of what was before it came. */
const MOST_HISTORY = 500
const HEARTBEAT_MS = 15_000
/** Then a reader has to come again, and is asked again who it is: a login may have ended meanwhile. */
const LONGEST_MS = 10 * 60_000
/** What a reader may leave unread in our memory before it is let go. */
const MOST_UNREAD_BYTES = 1024 * 1024

const FULL: Answer = {
  status: 503,
  body: { error: `${String(MOST_READERS)} readers are connected already: close one` },
  headers: { 'Retry-After': '30' },
}

/**
 * `GET /stream`: server-sent events, read by fetch because EventSource cannot send a token. Memory is bounded:
 * so many readers, so much unread, so many events a second; a storm becomes a number.
 */
export class StatusStreams {
  readonly #longestMs: number
  #readers = 0

  constructor({ longestMs = LONGEST_MS }: { readonly longestMs?: number | undefined } = {}) {
    this.#longestMs = longestMs
  }

  /** Takes over the response, or says why not. */
  open(res: ServerResponse, sources: readonly StatusSource[]): Answer | undefined {
    if (res.req.method === 'HEAD') return { status: 200, type: EVENT_STREAM, body: '' }
    if (this.#readers >= MOST_READERS) return FULL
    // Gone while we looked who it is: nothing would tell us any more.
    if (res.closed) return undefined
    this.#readers += 1
    const reader = new Reader(res, sources, this.#longestMs)
    res.once('close', () => {
      this.#readers -= 1
      reader.end()
    })
    return undefined
  }
}

class Reader {
  readonly #res: ServerResponse
  readonly #sources: readonly StatusSource[]
  readonly #stops: readonly (() => void)[]
  readonly #heartbeat: NodeJS.Timeout
  readonly #ending: NodeJS.Timeout
  #pending: SecurityEvent[] = []
  #lost = 0
  #flush: NodeJS.Timeout | undefined

  constructor(res: ServerResponse, sources: readonly StatusSource[], longestMs: number) {
    this.#res = res
    this.#sources = sources
    openForWriting(res, {
      'Content-Type': EVENT_STREAM,
      // compression() and nginx would hold small pieces back.
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
    })
    this.#stops = sources.flatMap(({ monitor, watch }) => [
      monitor.onAny((event) => {
        this.#take(event)
      }),
      watch.onRound(() => {
        this.#sendStatus()
      }),
      watch.onClose(() => {
        res.end()
      }),
    ])
    this.#heartbeat = setInterval(() => {
      this.#write(': still here\n\n')
    }, HEARTBEAT_MS)
    this.#heartbeat.unref()
    this.#ending = setTimeout(() => res.end(), longestMs).unref()
    // Listening began above, in the same turn: whatever happens is in the one or the other, and in no gap between.
    this.#send('history', { events: newestEvents(sources, { limit: MOST_HISTORY }) })
    this.#sendStatus()
  }

  end(): void {
    for (const stop of this.#stops) stop()
    clearInterval(this.#heartbeat)
    clearTimeout(this.#ending)
    clearTimeout(this.#flush)
  }

  #take(event: SecurityEvent): void {
    if (this.#pending.length < MOST_EVENTS) this.#pending.push(event)
    else this.#lost += 1
    this.#flush ??= setTimeout(() => {
      this.#sendEvents()
    }, FLUSH_MS).unref()
  }

  #sendEvents(): void {
    this.#flush = undefined
    this.#send('events', { events: this.#pending, lost: this.#lost })
    this.#pending = []
    this.#lost = 0
    // What happened changes what holds: nobody should wait for the next look to see that.
    this.#sendStatus()
  }

  #sendStatus(): void {
    this.#send('status', statusBody(this.#sources))
  }

  #send(type: string, body: object): void {
    // JSON has no line ends of its own, so one line of data is enough.
    this.#write(`event: ${type}\ndata: ${inertJson(body)}\n\n`)
  }

  #write(text: string): void {
    if (this.#res.writableEnded) return
    if (this.#res.writableLength > MOST_UNREAD_BYTES) this.#res.destroy()
    else this.#res.write(text)
  }
}
