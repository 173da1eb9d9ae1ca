import { setTimeout as wait } from 'node:timers/promises'

/** Waits for a state. Rejects with the name of it where it does not come. */
export async function until(
  state: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  const end = performance.now() + withinMs
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${withinMs} ms in vain: ${state}`)
    await wait(5)
  }
}
