import { Worker } from 'node:worker_threads'
import { READY, type GcmAnswer, type GcmJob } from './gcm-job.js'
import { runGcmJob } from './run-gcm-job.js'

/** Copies of values that wait for the thread; what comes on top of them is worked off at once, here. */
const MAX_WAITING_BYTES = 128 * 1024 * 1024
/** A thread that dies so often without an answer cannot run here at all (a bundle without its file). */
const MAX_FRUITLESS_STARTS = 3

export type GcmWork = Omit<GcmJob, 'id'>

interface Waiting {
  readonly job: GcmJob
  readonly resolve: (result: Uint8Array | undefined) => void
}

export interface GcmThreadOptions {
  /** Starts the program; given in tests, to get hold of the thread. */
  readonly start?: (() => Worker) | undefined
  readonly maxWaitingBytes?: number | undefined
}

/**
 * One thread for large values, so that the event loop stays free while they are sealed and opened. It starts
 * with the first of them and holds no process alive once it has nothing to do.
 *
 * It is a help and no promise: while it starts, when it is busy with too much, and after its death the work is
 * done by whoever asks. No operation fails for want of it.
 */
export class GcmThread {
  readonly #start: () => Worker
  readonly #maxWaitingBytes: number
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #isUp = false
  #isClosed = false
  #fruitless = 0
  #waitingBytes = 0
  #jobs = 0

  constructor({ start = startWorker, maxWaitingBytes = MAX_WAITING_BYTES }: GcmThreadOptions = {}) {
    this.#start = start
    this.#maxWaitingBytes = maxWaitingBytes
  }

  /** Values that it has in hand. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Whether a thread has been started that is not up yet. */
  get isStarting(): boolean {
    return this.#worker !== undefined && !this.#isUp
  }

  /** Whether it takes a text of so many bytes now. Starts it where it does not run. */
  takes(bytes: number): boolean {
    if (this.#worker === undefined) this.#tryStart()
    return this.#isUp && this.#waitingBytes + bytes <= this.#maxWaitingBytes
  }

  /**
   * The bytes are copied before this returns: the caller may go on with its own. Never rejects; see
   * {@link runGcmJob} for the result.
   */
  run(work: GcmWork): Promise<Uint8Array | undefined> {
    this.#jobs += 1
    const job: GcmJob = {
      ...work,
      id: this.#jobs,
      // Not as they are: a message takes all the memory behind a view, and these are parts of something larger.
      nonce: Uint8Array.from(work.nonce),
      additionalData: Uint8Array.from(work.additionalData),
      text: shared(work.text),
    }
    return new Promise((resolve) => {
      this.#waiting.set(job.id, { job, resolve })
      this.#waitingBytes += job.text.length
      this.#worker?.ref()
      try {
        this.#worker?.postMessage(job)
      } catch {
        this.#settle({ id: job.id, result: runGcmJob(job) })
      }
    })
  }

  /** Ends the thread. What it had in hand is done here. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#worker?.terminate()
  }

  #tryStart(): void {
    if (this.#isClosed || this.#fruitless >= MAX_FRUITLESS_STARTS) return
    this.#fruitless += 1
    let worker: Worker
    try {
      worker = this.#start()
    } catch {
      return // No thread is to be had: the work is done here.
    }
    this.#worker = worker
    worker.on('message', (answer: GcmAnswer) => {
      if (answer.id === READY) {
        this.#isUp = worker === this.#worker
        return
      }
      this.#fruitless = 0
      this.#settle(answer)
    })
    // It ends after an error; what it says of the error may hold what it worked on.
    worker.on('error', () => undefined)
    worker.on('messageerror', () => void worker.terminate())
    worker.on('exit', () => this.#ended(worker))
    worker.unref()
  }

  #settle({ id, result }: GcmAnswer): void {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return
    this.#waiting.delete(id)
    this.#waitingBytes -= waiting.job.text.length
    // A process that has nothing else to do may end once nobody waits.
    if (this.#waiting.size === 0) this.#worker?.unref()
    waiting.resolve(result)
  }

  #ended(worker: Worker): void {
    if (worker !== this.#worker) return
    this.#worker = undefined
    this.#isUp = false
    for (const { job } of this.#waiting.values()) this.#settle({ id: job.id, result: runGcmJob(job) })
  }
}

/** Neither environment nor arguments: the thread has no use for them, and secrets may be among them. */
function startWorker(): Worker {
  return new Worker(new URL('./gcm-worker.js', import.meta.url), {
    name: 'express-secure-cache',
    env: {},
    argv: [],
    execArgv: [],
  })
}

function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length))
  copy.set(bytes)
  return copy
}
