import { inspect } from 'node:util'

/** To standard output, which the parent of the canary reads. */
export function say(text: string | undefined): void {
  process.stdout.write(`${text ?? ''}\n`)
}

/** Prints whatever can be seen of something by every ordinary way of looking at it. */
export function tell(label: string, thing: unknown): void {
  say(`--- ${label}`)
  say(inspect(thing, { depth: 12, showHidden: true, getters: true, maxStringLength: null }))
  say(inspect(thing))
  say(`${String(thing)} ${safely(() => JSON.stringify(thing)) ?? ''}`)
  if (!(thing instanceof Error)) return
  say(thing.stack)
  say(inspect(thing.cause, { depth: 12, showHidden: true }))
  say(inspect(Object.getOwnPropertyDescriptors(thing), { depth: 12, showHidden: true }))
  for (let layer: unknown = thing.cause; layer instanceof Error; layer = layer.cause) say(layer.stack)
}

function safely<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
