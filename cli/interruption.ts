const SIGNALS = ['SIGINT', 'SIGTERM'] as const
const SHOW_CURSOR = '\u001B[?25h'

/**
 * Work that ends well when it is interrupted: Ctrl-C (or SIGTERM) tells it to stop where it is safe, a second one
 * ends the process at once.
 */
export async function interruptible<T>(options: {
  readonly work: (signal: AbortSignal) => Promise<T>
  /** Says that it was heard. */
  readonly onStop: () => void
}): Promise<T> {
  const stop = new AbortController()
  const listener = (signal: NodeJS.Signals): void => {
    if (stop.signal.aborted) return endAtOnce(signal)
    stop.abort()
    options.onStop()
  }
  const endAtOnce = (signal: NodeJS.Signals): void => {
    for (const name of SIGNALS) process.off(name, listener)
    // A display hides it, and a killed one does not bring it back.
    if (process.stderr.isTTY) process.stderr.write(SHOW_CURSOR)
    process.kill(process.pid, signal)
  }
  for (const name of SIGNALS) process.on(name, listener)
  try {
    return await options.work(stop.signal)
  } finally {
    for (const name of SIGNALS) process.off(name, listener)
  }
}
