import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** MiB that are really held: garbage is collected first. */
export function heldMiB(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 2 ** 20
}
