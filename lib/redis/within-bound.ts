/** Waits for the promise to settle, in whatever way, or for the time to be over. Never rejects. */
export async function withinBound(promise: Promise<unknown>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const bound = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs)
  })
  const settled = promise.then(
    () => undefined,
    () => undefined,
  )
  await Promise.race([settled, bound])
  clearTimeout(timer)
}
