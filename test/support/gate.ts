/** A promise that the test settles. */
export interface Gate<T> {
  readonly promise: Promise<T>
  readonly open: (value: T) => void
  readonly fail: (error: Error) => void
}

export function gate<T = void>(): Gate<T> {
  const settle: { open?: (value: T) => void; fail?: (error: Error) => void } = {}
  const promise = new Promise<T>((resolve, reject) => {
    settle.open = resolve
    settle.fail = reject
  })
  return { promise, ...(settle as Required<typeof settle>) }
}
