const PATIENCE_MS = 5000
const PAUSE_MS = 20

/** Asks until the answer is yes, for five seconds at most; false where it never was. */
export async function until(condition: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + PATIENCE_MS
  while (performance.now() < deadline) {
    if (await condition()) return true
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
  return false
}
