const WIDTH = 24
const PLAIN_EVERY_MS = 10_000

/** Where work stands. */
export interface Progress {
  /** From 0 to 1. */
  readonly fraction: number
  readonly done: number
  readonly elapsedMs: number
}

/**
 * A line that shows how far long work has come, its rate and the time that is left: drawn over itself on a terminal,
 * a plain line every ten seconds elsewhere.
 */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream
  readonly #noun: string
  #plainAt = 0
  #drawn = false

  constructor(noun: string, stream: NodeJS.WriteStream = process.stderr) {
    this.#noun = noun
    this.#stream = stream
  }

  show(progress: Progress): void {
    const text = progressText(progress, this.#noun)
    if (this.#stream.isTTY) {
      this.#stream.write(`\r\u001b[K${text}`)
      this.#drawn = true
    } else if (progress.elapsedMs - this.#plainAt >= PLAIN_EVERY_MS) {
      this.#plainAt = progress.elapsedMs
      this.#stream.write(`${text}\n`)
    }
  }

  end(): void {
    if (this.#drawn) this.#stream.write('\n')
    this.#drawn = false
  }
}

/** `[######------------------]  25 %, 12000 values, 4000/s, 1 min left`. */
export function progressText({ fraction, done, elapsedMs }: Progress, noun: string): string {
  const filled = Math.round(fraction * WIDTH)
  const rate = elapsedMs > 0 ? Math.round((done / elapsedMs) * 1000) : 0
  const leftSeconds = fraction > 0 ? ((elapsedMs / fraction) * (1 - fraction)) / 1000 : 0
  const percent = String(Math.floor(fraction * 100)).padStart(3)
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}]`
  return `${bar} ${percent} %, ${done} ${noun}, ${rate}/s, ${inWords(leftSeconds)} left`
}

function inWords(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}
