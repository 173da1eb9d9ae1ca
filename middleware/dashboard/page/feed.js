/**
 * Where the page gets its facts: a stream that is read by fetch, because an EventSource cannot send a token;
 * where no stream comes through (a proxy that buffers, too many readers), by asking every few seconds.
 */
import { readMessages } from './messages.js'

const POLL_MS = 10_000
/** What was before comes with the stream's first bytes: without it something holds the stream back. */
const FIRST_MESSAGE_MS = 10_000
/** The server says something every 15 s. */
const SILENCE_MS = 40_000
/** While polling, how often the stream is tried again. */
const STREAM_AGAIN_MS = 60_000

/**
 * @typedef {object} Listener
 * @property {(body: unknown) => void} onStatus
 * @property {(events: readonly never[], lost: number) => void} onEvents  new ones, oldest first
 * @property {(events: readonly never[]) => void} onAllEvents  all of them, newest first
 * @property {(words: string) => void} onWay
 * @property {(refusal: Refusal) => void} onRefused
 */

/** The server says no: another try with the same token would change nothing. */
export class Refusal extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

export class Feed {
  /** The path of the page without its last slash: `/security` for `/security` and `/security/`. */
  #base = location.pathname.replace(/\/$/, '')
  #ended = new AbortController()
  /** @type {string | undefined} */
  #token
  /** @type {Listener} */
  #listener

  /** @param {string | undefined} token @param {Listener} listener */
  constructor(token, listener) {
    this.#token = token
    this.#listener = listener
  }

  /** Runs until `end` or a refusal. */
  async run() {
    let streamAgainAt = 0
    while (!this.#ended.signal.aborted) {
      try {
        await this.#poll()
        if (Date.now() >= streamAgainAt) {
          streamAgainAt = Date.now() + STREAM_AGAIN_MS
          const streamed = await this.#stream()
          // A stream that worked and broke is tried again at once, after one poll for what was missed.
          if (streamed) streamAgainAt = 0
        }
        if (this.#ended.signal.aborted) return
        if (streamAgainAt !== 0) this.#listener.onWay(`asking every ${String(POLL_MS / 1000)} seconds`)
      } catch (error) {
        if (this.#ended.signal.aborted) return
        if (error instanceof Refusal) {
          this.#listener.onRefused(error)
          return
        }
        this.#listener.onWay('the application does not answer: what you see may be old')
      }
      await this.#pause(streamAgainAt === 0 ? 1000 : POLL_MS)
    }
  }

  end() {
    this.#ended.abort()
  }

  async #poll() {
    const { signal } = this.#ended
    const status = await this.#ask('/status', signal)
    this.#listener.onStatus(await status.json())
    const answer = await this.#ask('/events?limit=500', signal)
    const { events } = /** @type {{ events: never[] }} */ (await answer.json())
    this.#listener.onAllEvents(events)
  }

  /** Whether anything came through. */
  async #stream() {
    const silence = new AbortController()
    const signal = AbortSignal.any([this.#ended.signal, silence.signal])
    const silent = () => {
      silence.abort()
    }
    let timer = setTimeout(silent, FIRST_MESSAGE_MS)
    let spoke = false
    try {
      const { body } = await this.#ask('/stream', signal)
      if (body === null) return false
      for await (const message of readMessages(body)) {
        clearTimeout(timer)
        timer = setTimeout(silent, SILENCE_MS)
        if (!spoke) this.#listener.onWay('live')
        spoke = true
        this.#tell(message)
      }
    } catch {
      // Too many readers, a proxy in between, a restart: polling says whether the application is there.
    } finally {
      clearTimeout(timer)
    }
    return spoke
  }

  /** @param {{ type: string, data: string }} message */
  #tell({ type, data }) {
    if (data === '') return
    const body = /** @type {unknown} */ (JSON.parse(data))
    if (type === 'status') this.#listener.onStatus(body)
    // What was polled is older than the stream: what happened in between is in here and nowhere else.
    if (type === 'history') this.#listener.onAllEvents(/** @type {{ events: never[] }} */ (body).events)
    if (type === 'events') {
      const { events, lost } = /** @type {{ events: never[], lost: number }} */ (body)
      this.#listener.onEvents(events, lost)
    }
  }

  /** @param {string} path @param {AbortSignal} signal */
  async #ask(path, signal) {
    /** @type {Record<string, string>} */
    const headers = this.#token === undefined ? {} : { Authorization: `Bearer ${this.#token}` }
    const answer = await fetch(this.#base + path, { headers, signal, cache: 'no-store' })
    if (answer.ok) return answer
    throw (await refusalIn(answer)) ?? new Error(`answered ${String(answer.status)}`)
  }

  /** @param {number} ms */
  #pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#ended.signal.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve(undefined)
      })
    })
  }
}

const REFUSALS = [401, 403, 429, 503]

/**
 * Only what our own router says in its own form: a 503 of a proxy is an application that restarts.
 * @param {Response} answer
 */
async function refusalIn(answer) {
  if (!REFUSALS.includes(answer.status)) return undefined
  try {
    const { error } = /** @type {{ error?: unknown }} */ (await answer.json())
    return typeof error === 'string' ? new Refusal(answer.status, error) : undefined
  } catch {
    return undefined
  }
}
