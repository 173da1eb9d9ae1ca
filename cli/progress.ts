/** What is under way, for somebody who waits. */
export interface Progress {
  readonly step: (what: string) => void
  /** Takes the line away again: what comes after it begins at the left. */
  readonly done: () => void
}

const NOTHING: Progress = { step: () => undefined, done: () => undefined }
/** To the beginning of the line, and nothing in it (ECMA-48, EL). */
const CLEAR_LINE = '\r\u001B[2K'

/** One line on standard error, at a terminal alone: in a log it would be noise. */
export function progressLine(): Progress {
  if (!process.stderr.isTTY) return NOTHING
  return {
    step: (what) => process.stderr.write(`${CLEAR_LINE}${what} …`),
    done: () => process.stderr.write(CLEAR_LINE),
  }
}
